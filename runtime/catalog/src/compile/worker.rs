//! The compile worker: starts a child process for each component and says how it ended.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use framebox_sandbox::CompileLimits;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

use super::queue::{Full, Job, Queue};
use super::{Error, Limits, child};

/// Largest compiled code, bytes.
const LARGEST_CODE: u64 = 512 << 20;
/// Most text of the child's standard error that is read, bytes.
const MOST_STDERR: u64 = 16 << 10;

/// Compiles components, one at a time; the principals take turns.
#[derive(Debug)]
pub struct Worker {
    program: PathBuf,
    limits: Limits,
    queue: Queue,
}

impl Worker {
    /// Creates a worker that runs `program compile` for each component. `program`: the `framebox` program.
    pub fn new(program: PathBuf, limits: Limits) -> Self {
        Self { program, limits, queue: Queue::default() }
    }

    /// Compiles and describes a component when the turn of `job` comes, which records the time that it took. Dropping the
    /// future kills the compiler.
    ///
    /// # Errors
    /// Why the component is not compiled.
    pub async fn compile(
        &self,
        component: &[u8],
        allowance: &CompileLimits,
        job: &Job,
    ) -> Result<child::Compiled, Error> {
        let _turn = self.queue.turn(job).await.map_err(|full| match full {
            Full::One(most) => Error::BusyForYou { most },
            Full::All(most) => Error::Busy { most },
        })?;
        let _meter = Meter { job, begin: Instant::now() };
        let mut child = Command::new(&self.program)
            .arg("compile")
            .args(child::Options::new(&self.limits, allowance).arguments())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Error::Failed(format!("it cannot be started: {error}")))?;
        let (Some(mut input), Some(output), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::Failed("it has no pipes".into()));
        };
        let feed = async move {
            // A child that refuses at once does not read to the end.
            let _ = input.write_all(component).await;
        };
        let work = async {
            let ((), output, stderr) = tokio::join!(feed, read(output, LARGEST_CODE), read(stderr, MOST_STDERR));
            // The pipes are closed by now: a child that writes more than is read does not wait for ever.
            let status = child.wait().await.map_err(|error| Error::Failed(error.to_string()))?;
            Ok((output, stderr, status))
        };
        let ended = timeout(self.limits.time, work).await;
        match ended {
            Ok(ended) => {
                let (output, stderr, status) = ended?;
                outcome(status, output, &stderr, &self.limits)
            }
            Err(_) => {
                // Its memory is free before the next compilation begins.
                let _ = child.kill().await;
                Err(too_long(&self.limits))
            }
        }
    }
}

/// Records the time until it is dropped.
struct Meter<'a> {
    job: &'a Job,
    begin: Instant,
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        self.job.add_time(self.begin.elapsed());
    }
}

fn too_long(limits: &Limits) -> Error {
    Error::Time { seconds: limits.time.as_secs() }
}

/// Reads to the end, or one byte more than `most`.
async fn read(from: impl AsyncRead + Unpin, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // After a read error the exit status says what happened.
    let _ = from.take(most.saturating_add(1)).read_to_end(&mut bytes).await;
    bytes
}

fn outcome(status: ExitStatus, output: Vec<u8>, stderr: &[u8], limits: &Limits) -> Result<child::Compiled, Error> {
    use std::os::unix::process::ExitStatusExt;
    let stderr = String::from_utf8_lossy(stderr);
    let memory = || Error::Memory { mib: limits.memory_mib };
    match (status.code(), status.signal()) {
        (Some(0), _) if output.len() as u64 > LARGEST_CODE => Err(memory()),
        (Some(0), _) => child::Compiled::read(output).ok_or_else(|| Error::Failed("its output cannot be read".into())),
        (Some(child::REFUSED), _) => match serde_json::from_slice::<child::Refusal>(&output) {
            Ok(child::Refusal { refused }) if is_out_of_memory(&refused) => Err(memory()),
            Ok(child::Refusal { refused }) => Err(Error::Refused(refused)),
            Err(_) => Err(Error::Failed("its refusal cannot be read".into())),
        },
        (_, Some(SIGXCPU)) => Err(too_long(limits)),
        // Sent by the kernel when the whole machine lacks memory.
        (_, Some(SIGKILL)) => Err(memory()),
        _ if is_out_of_memory(&stderr) => Err(memory()),
        _ => {
            let last = stderr.lines().rfind(|line| !line.starts_with("note:")).unwrap_or_default();
            Err(Error::Failed(format!("{status}: {last}")))
        }
    }
}

const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;

/// Recognises the text of the standard library when it aborts, and that of the system for a failed mapping.
fn is_out_of_memory(text: &str) -> bool {
    ["memory allocation of", "Cannot allocate memory", "Resource temporarily unavailable"]
        .iter()
        .any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_exit_of_the_compiler_gives_the_reason() {
        let limits = Limits { memory_mib: 512, time: Duration::from_secs(9) };
        let refused = br#"{"refused":"the component cannot be compiled: no"}"#;
        let mapping = br#"{"refused":"the component cannot be compiled: Cannot allocate memory (os error 12)"}"#;
        let memory = Error::Memory { mib: 512 };
        let exit = |code: i32| ExitStatus::from_raw(code << 8);
        let said = b"memory allocation of 99 bytes failed\n";
        let failed = |text: &str| Error::Failed(text.into());
        let descriptor = br#"{"title":"t","summary":"","parameters":[],"outputs":[],"size":null,"fps":null}"#;
        let length = (descriptor.len() as u32).to_le_bytes();
        let whole = [&length[..], descriptor, b"code"].concat();
        let compiled =
            child::Compiled { descriptor: serde_json::from_slice(descriptor).unwrap(), code: b"code".into() };
        for (status, output, words, expected) in [
            (exit(0), &whole[..], &b""[..], Ok(compiled)),
            (exit(0), &whole[..whole.len() - 4], b"", Err(failed("its output cannot be read"))),
            (exit(0), b"code", b"", Err(failed("its output cannot be read"))),
            (exit(0), b"", b"", Err(failed("its output cannot be read"))),
            (exit(2), refused, b"", Err(Error::Refused("the component cannot be compiled: no".into()))),
            (exit(2), mapping, b"", Err(memory.clone())),
            (exit(2), b"no json", b"", Err(failed("its refusal cannot be read"))),
            (ExitStatus::from_raw(6), b"", said, Err(memory.clone())),
            (ExitStatus::from_raw(6), b"", b"", Err(failed("signal: 6 (SIGABRT): "))),
            (ExitStatus::from_raw(9), b"", b"", Err(memory)),
            (ExitStatus::from_raw(24), b"", b"", Err(Error::Time { seconds: 9 })),
            (exit(101), b"half", b"a\nb\n", Err(failed("exit status: 101: b"))),
        ] {
            assert_eq!(outcome(status, output.to_vec(), words, &limits), expected);
        }
    }
}

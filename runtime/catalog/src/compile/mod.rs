//! Compiling in a process of its own: what an upload makes the compiler do is bounded in memory and time, and a compiler
//! that falls takes nothing with it.

pub mod child;

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use framebox_sandbox::CompileLimits;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Largest compiled code, bytes.
const LARGEST_CODE: u64 = 512 << 20;
/// What is kept of a child's last words, bytes.
const LAST_WORDS: u64 = 16 << 10;

/// What compiling one component may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Wall time. CPU time, all threads together, may be twice that.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mib: 512, time: Duration::from_secs(60) }
    }
}

/// Why there is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The component is wrong; the text is for its author.
    #[error("{0}")]
    Refused(String),
    /// It takes too much memory.
    #[error("the component takes more than {mib} MiB to compile, which is what is allowed")]
    Memory {
        /// What is allowed, MiB.
        mib: u64,
    },
    /// It takes too long.
    #[error("the component takes more than {seconds} s to compile, which is what is allowed")]
    Time {
        /// What is allowed, s.
        seconds: u64,
    },
    /// The compiler could not be run, or fell for a reason of its own.
    #[error("the compiler failed: {0}")]
    Failed(String),
}

/// Where components are compiled, one at a time.
#[derive(Debug)]
pub struct Workshop {
    program: PathBuf,
    limits: Limits,
    turn: Mutex<()>,
}

impl Workshop {
    /// One that starts `program compile` for each component: the `framebox` program.
    pub fn new(program: PathBuf, limits: Limits) -> Self {
        Self { program, limits, turn: Mutex::new(()) }
    }

    /// Compiles a component. Waits for its turn; dropped, the compiler is killed.
    ///
    /// # Errors
    /// Why there is no code.
    pub async fn compile(&self, component: &[u8], allowance: &CompileLimits) -> Result<Vec<u8>, Error> {
        let _turn = self.turn.lock().await;
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
        let (Some(mut input), Some(output), Some(words)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::Failed("it has no pipes".into()));
        };
        let feed = async move {
            // One that is refused at once is not read to its end.
            let _ = input.write_all(component).await;
        };
        let work = async {
            let ((), output, words) = tokio::join!(feed, read(output, LARGEST_CODE), read(words, LAST_WORDS));
            // The pipes are closed by now: one that says more than is read does not wait for ever.
            let status = child.wait().await.map_err(|error| Error::Failed(error.to_string()))?;
            Ok((output, words, status))
        };
        let ended = timeout(self.limits.time, work).await;
        match ended {
            Ok(ended) => {
                let (output, words, status) = ended?;
                judge(status, output, &words, &self.limits)
            }
            Err(_) => {
                // Its memory is to be free before the next one begins.
                let _ = child.kill().await;
                Err(self.limits.too_long())
            }
        }
    }
}

impl Limits {
    fn too_long(&self) -> Error {
        Error::Time { seconds: self.time.as_secs() }
    }
}

/// Reads to the end, or one byte more than `most`.
async fn read(from: impl AsyncRead + Unpin, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What came before an error is judged by how the process ended.
    let _ = from.take(most.saturating_add(1)).read_to_end(&mut bytes).await;
    bytes
}

fn judge(status: ExitStatus, output: Vec<u8>, words: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    use std::os::unix::process::ExitStatusExt;
    let words = String::from_utf8_lossy(words);
    let memory = || Error::Memory { mib: limits.memory_mib };
    match (status.code(), status.signal()) {
        (Some(0), _) if output.len() as u64 > LARGEST_CODE => Err(memory()),
        (Some(0), _) if !output.is_empty() => Ok(output),
        (Some(child::REFUSED), _) => match serde_json::from_slice::<child::Refusal>(&output) {
            Ok(child::Refusal { refused }) if is_out_of_memory(&refused) => Err(memory()),
            Ok(child::Refusal { refused }) => Err(Error::Refused(refused)),
            Err(_) => Err(Error::Failed("its refusal cannot be read".into())),
        },
        (_, Some(SIGXCPU)) => Err(limits.too_long()),
        // The kernel, when the whole machine lacks memory.
        (_, Some(SIGKILL)) => Err(memory()),
        _ if is_out_of_memory(&words) => Err(memory()),
        _ => {
            let last = words.lines().rfind(|line| !line.starts_with("note:")).unwrap_or_default();
            Err(Error::Failed(format!("{status}: {last}")))
        }
    }
}

const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;

/// What the standard library says before it gives up, and what the system says to a mapping.
fn is_out_of_memory(words: &str) -> bool {
    ["memory allocation of", "Cannot allocate memory", "Resource temporarily unavailable"]
        .iter()
        .any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn how_the_compiler_ended_says_why() {
        let limits = Limits { memory_mib: 512, time: Duration::from_secs(9) };
        let refused = br#"{"refused":"the component cannot be compiled: no"}"#;
        let mapping = br#"{"refused":"the component cannot be compiled: Cannot allocate memory (os error 12)"}"#;
        let memory = Error::Memory { mib: 512 };
        let exit = |code: i32| ExitStatus::from_raw(code << 8);
        let said = b"memory allocation of 99 bytes failed\n";
        let failed = |text: &str| Error::Failed(text.into());
        for (status, output, words, expected) in [
            (exit(0), &b"code"[..], &b""[..], Ok(b"code".to_vec())),
            (exit(0), b"", b"", Err(failed("exit status: 0: "))),
            (exit(2), refused, b"", Err(Error::Refused("the component cannot be compiled: no".into()))),
            (exit(2), mapping, b"", Err(memory.clone())),
            (exit(2), b"no json", b"", Err(failed("its refusal cannot be read"))),
            (ExitStatus::from_raw(6), b"", said, Err(memory.clone())),
            (ExitStatus::from_raw(6), b"", b"", Err(failed("signal: 6 (SIGABRT): "))),
            (ExitStatus::from_raw(9), b"", b"", Err(memory)),
            (ExitStatus::from_raw(24), b"", b"", Err(Error::Time { seconds: 9 })),
            (exit(101), b"half", b"a\nb\n", Err(failed("exit status: 101: b"))),
        ] {
            assert_eq!(judge(status, output.to_vec(), words, &limits), expected);
        }
    }
}

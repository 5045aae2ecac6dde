//! Runs the build command of a project; its output is shown, and the end of it is kept.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::sleep;

/// Number of output lines that are kept for the open pages.
const MAX_LINES: usize = 60;
/// Longest line, bytes; the rest of a longer one is shown as another line.
const MAX_LINE_BYTES: u64 = 4096;
/// Time to read remaining output after the build has ended.
const DRAIN_TIME: Duration = Duration::from_millis(300);
/// Number of characters that are kept of these lines.
const MAX_CHARS: usize = 6000;

/// How a build ended.
pub enum Outcome {
    /// The command succeeded.
    Done,
    /// The command failed; with the end of its output.
    Failed(String),
}

/// Runs `command` in a shell in `folder`. All processes that it started are killed when the call ends or is dropped.
///
/// # Errors
/// The shell cannot be started.
pub async fn run(command: &str, folder: &Path) -> std::io::Result<Outcome> {
    let mut shell = Command::new("sh");
    // One pipe for both streams keeps the order of the lines.
    shell.arg("-c").arg(format!("exec 2>&1\n{command}")).current_dir(folder).kill_on_drop(true).process_group(0);
    shell.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = shell.spawn()?;
    let _group = Group(child.id());
    let mut lines = Lines::of(child.stdout.take());
    let mut tail = Tail::default();
    let mut status = None;
    // A process in the background may keep the pipe open after the command has ended.
    let mut deadline = Box::pin(sleep(Duration::from_secs(86_400)));
    loop {
        let line = tokio::select! {
            line = lines.next(), if lines.is_open() => line,
            ended = child.wait(), if status.is_none() => {
                status = Some(ended?);
                deadline = Box::pin(sleep(DRAIN_TIME));
                None
            }
            () = &mut deadline, if status.is_some() => break,
            else => break,
        };
        if let Some(line) = line {
            eprintln!("  {line}");
            tail.push(line);
        }
    }
    match status {
        Some(status) if status.success() => Ok(Outcome::Done),
        Some(status) => {
            tail.push(format!("`{command}` ended with {status}"));
            Ok(Outcome::Failed(tail.text()))
        }
        None => Ok(Outcome::Failed(tail.text())),
    }
}

/// The lines of a stream, in which invalid UTF-8 is replaced.
struct Lines<S> {
    stream: Option<BufReader<S>>,
    /// The bytes of the line so far, which are kept when a call of `next` is dropped.
    line: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Lines<S> {
    fn of(stream: Option<S>) -> Self {
        Self { stream: stream.map(BufReader::new), line: Vec::new() }
    }

    fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// Returns the next line; `None` at the end, after which the stream is closed.
    async fn next(&mut self) -> Option<String> {
        let read = match &mut self.stream {
            Some(stream) => (&mut *stream).take(MAX_LINE_BYTES).read_until(b'\n', &mut self.line).await.unwrap_or(0),
            None => 0,
        };
        if read == 0 {
            self.stream = None;
            return None;
        }
        Some(String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim_end().to_owned())
    }
}

/// The process group of a build, which is killed on drop.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            // This fails if all processes have ended.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

/// The end of the output.
#[derive(Default)]
struct Tail(VecDeque<String>);

impl Tail {
    fn push(&mut self, line: String) {
        self.0.push_back(line);
        if self.0.len() > MAX_LINES {
            self.0.pop_front();
        }
    }

    fn text(&self) -> String {
        let all = self.0.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        let from = all.chars().count().saturating_sub(MAX_CHARS);
        all.chars().skip(from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_has_the_last_lines_and_leaves_no_process_running() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(run("echo fine; touch made", folder.path()).await.unwrap(), Outcome::Done));
        assert!(folder.path().join("made").exists());
        let noisy = "for n in $(seq 1 1000); do echo line $n; done; echo wrong here >&2; exit 3";
        let Outcome::Failed(text) = run(noisy, folder.path()).await.unwrap() else { panic!("it did not fail") };
        assert!(
            text.contains("line 1000") && text.contains("wrong here") && text.ends_with("exit status: 3"),
            "{text}"
        );
        assert!(!text.contains("line 900") && text.chars().count() <= MAX_CHARS, "{text}");
        // A process in the background keeps the pipe open; it is killed, too.
        let outcome = run("sleep 300 & echo $! > background", folder.path());
        assert!(matches!(outcome.await.unwrap(), Outcome::Done));
        let id = std::fs::read_to_string(folder.path().join("background")).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
        let ended = || state().is_empty() || state().contains(" Z ");
        // The signal is sent at once; the system ends the process some time later.
        for _ in 0..500 {
            if ended() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("the process still runs: {}", state());
    }
}

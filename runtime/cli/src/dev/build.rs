//! One build of a project: its own command, with what it says shown and kept.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::sleep;

/// Lines that are kept for those who watch.
const KEPT_LINES: usize = 60;
/// Longest line, bytes.
const LONGEST: u64 = 4096;
/// Time for the last words after a build has ended.
const DRAIN: Duration = Duration::from_millis(300);
/// Characters of them that are kept.
const KEPT: usize = 6000;

/// How a build ended.
pub enum Outcome {
    /// It says that it is done.
    Done,
    /// It failed; with its last lines.
    Failed(String),
}

/// Runs `command` in a shell in `folder`. Whatever it started ends with the call, also when that is dropped.
///
/// # Errors
/// When there is no shell to run.
pub async fn run(command: &str, folder: &Path) -> std::io::Result<Outcome> {
    let mut shell = Command::new("sh");
    // Into one pipe: two would tell what was said out of its order.
    shell.arg("-c").arg(format!("exec 2>&1\n{command}")).current_dir(folder).kill_on_drop(true).process_group(0);
    shell.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = shell.spawn()?;
    let _group = Group(child.id());
    let mut said = Lines::of(child.stdout.take());
    let mut tail = Tail::default();
    let mut status = None;
    // What it left running may hold its output open for ever.
    let mut rest = Box::pin(sleep(Duration::from_secs(86_400)));
    loop {
        let line = tokio::select! {
            line = said.next(), if said.is_open() => line,
            ended = child.wait(), if status.is_none() => {
                status = Some(ended?);
                rest = Box::pin(sleep(DRAIN));
                None
            }
            () = &mut rest, if status.is_some() => break,
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

/// The lines of a stream, whatever their encoding.
struct Lines<S> {
    stream: Option<BufReader<S>>,
    /// The line so far, which outlives a call that is given up.
    line: Vec<u8>,
}

impl<S: AsyncRead + Unpin> Lines<S> {
    fn of(stream: Option<S>) -> Self {
        Self { stream: stream.map(BufReader::new), line: Vec::new() }
    }

    fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// The next line; none at the end, after which it is not open any more.
    async fn next(&mut self) -> Option<String> {
        let read = match &mut self.stream {
            Some(stream) => (&mut *stream).take(LONGEST).read_until(b'\n', &mut self.line).await.unwrap_or(0),
            None => 0,
        };
        if read == 0 {
            self.stream = None;
            return None;
        }
        Some(String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim_end().to_owned())
    }
}

/// The processes of a build.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(id) = id {
            // There is none any more when everything has ended.
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
    }
}

/// The end of what was said.
#[derive(Default)]
struct Tail(VecDeque<String>);

impl Tail {
    fn push(&mut self, line: String) {
        self.0.push_back(line);
        if self.0.len() > KEPT_LINES {
            self.0.pop_front();
        }
    }

    fn text(&self) -> String {
        let all = self.0.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        let from = all.chars().count().saturating_sub(KEPT);
        all.chars().skip(from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_comes_with_the_last_lines_and_leaves_nothing_running() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(run("echo fine; touch made", folder.path()).await.unwrap(), Outcome::Done));
        assert!(folder.path().join("made").exists());
        let noisy = "for n in $(seq 1 1000); do echo line $n; done; echo wrong here >&2; exit 3";
        let Outcome::Failed(text) = run(noisy, folder.path()).await.unwrap() else { panic!("it did not fail") };
        assert!(
            text.contains("line 1000") && text.contains("wrong here") && text.ends_with("exit status: 3"),
            "{text}"
        );
        assert!(!text.contains("line 900") && text.chars().count() <= KEPT, "{text}");
        // What it leaves behind holds its output open, and does not outlive it.
        let left = run("sleep 300 & echo $! > left", folder.path());
        assert!(matches!(left.await.unwrap(), Outcome::Done));
        let id = std::fs::read_to_string(folder.path().join("left")).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
        let ended = || state().is_empty() || state().contains(" Z ");
        // It is told at once, and goes when the system gets to it.
        for _ in 0..500 {
            if ended() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("it goes on: {}", state());
    }
}

//! Child processes whose output is recorded and that do not outlive their test.

use crate::wait::wait_until;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// Lines of each stream that a failed test prints.
const SHOWN: usize = 60;

/// A child process. Dropping it kills it.
pub struct Child {
    name: String,
    child: std::process::Child,
    out: Lines,
    err: Lines,
}

type Lines = Arc<Mutex<Vec<String>>>;

impl Child {
    /// Starts `command`. Its standard input stays open until [`Child::close_input`].
    pub fn start(name: &str, command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let (out, err) = (record(child.stdout.take()), record(child.stderr.take()));
        Self { name: name.to_owned(), child, out, err }
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the lines of its standard output so far.
    pub fn out(&self) -> Vec<String> {
        lines(&self.out)
    }

    /// Returns the lines of its standard error so far.
    pub fn err(&self) -> Vec<String> {
        lines(&self.err)
    }

    /// Waits for a line of its standard output for which `find` returns something.
    pub async fn find<T>(&mut self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let what = format!("{}: {what}", self.name);
        wait_until(&what, async || {
            // Checked before the lines are read: if it has ended, its last lines are there.
            let ended = self.child.try_wait().unwrap();
            let out = self.out();
            match (out.iter().find_map(|line| find(line)), ended) {
                (Some(found), _) => Ok(found),
                (None, Some(status)) if self.is_read() => {
                    panic!("{what}: it ended first, with {status}: {out:#?} {:#?}", self.err())
                }
                (None, _) => Err(format!("{out:#?}")),
            }
        })
        .await
    }

    /// Waits until it ends by itself and its output is complete.
    pub async fn ended(&mut self) -> ExitStatus {
        let what = format!("{} ends", self.name);
        wait_until(&what, async || match self.child.try_wait().unwrap() {
            Some(status) if self.is_read() => Ok(status),
            _ => Err(format!("it is running; its output: {:#?} {:#?}", self.out(), self.err())),
        })
        .await
    }

    /// Returns whether all its output was read.
    fn is_read(&self) -> bool {
        Arc::strong_count(&self.out) == 1 && Arc::strong_count(&self.err) == 1
    }

    /// Writes a line to its standard input.
    pub fn write(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        writeln!(input, "{line}").and_then(|()| input.flush()).unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Closes its standard input.
    pub fn close_input(&mut self) {
        self.child.stdin = None;
    }

    /// Sends SIGTERM, as a service manager does.
    pub fn terminate(&self) {
        let status = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child.id())).status().unwrap();
        assert!(status.success(), "{} cannot be terminated", self.name);
    }

    /// Sends SIGKILL and waits for the process.
    pub fn kill(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            for (stream, lines) in [("stdout", self.out()), ("stderr", self.err())] {
                eprintln!("--- last lines of {} on {stream}:", self.name);
                lines.iter().skip(lines.len().saturating_sub(SHOWN)).for_each(|line| eprintln!("{line}"));
            }
        }
    }
}

fn lines(lines: &Lines) -> Vec<String> {
    lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn record(stream: Option<impl Read + Send + 'static>) -> Lines {
    let lines = Lines::default();
    let (recorded, stream) = (lines.clone(), stream.unwrap());
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            recorded.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
    lines
}

//! Processes whose output is kept and that do not outlive their test.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::wait::wait_until;

/// Lines that a failed test shows of each stream.
const SHOWN: usize = 60;

/// A process; dropped, it is killed.
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
        let (out, err) = (gather(child.stdout.take()), gather(child.stderr.take()));
        Self { name: name.to_owned(), child, out, err }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The lines of its standard output so far.
    pub fn out(&self) -> Vec<String> {
        lines(&self.out)
    }

    /// The lines of its standard error so far.
    pub fn err(&self) -> Vec<String> {
        lines(&self.err)
    }

    /// Waits for a line of its standard output in which `find` finds something.
    pub async fn find<T>(&mut self, what: &str, limit: Duration, find: impl Fn(&str) -> Option<T>) -> T {
        let what = format!("{}: {what}", self.name);
        wait_until(&what, limit, async || {
            // Looked at before its lines are: what it said last is there by then.
            let ended = self.child.try_wait().unwrap();
            let out = self.out();
            match (out.iter().find_map(|line| find(line)), ended) {
                (Some(found), _) => Ok(found),
                (None, Some(status)) if self.is_read() => {
                    panic!("{what}: it ended before, with {status}: {out:#?} {:#?}", self.err())
                }
                (None, _) => Err(format!("{out:#?}")),
            }
        })
        .await
    }

    /// Waits until it ends by itself; its output is complete by then.
    pub async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        wait_until(&what, limit, async || match self.child.try_wait().unwrap() {
            Some(status) if self.is_read() => Ok(status),
            _ => Err(format!("it runs, and said {:#?} {:#?}", self.out(), self.err())),
        })
        .await
    }

    /// True once nothing more can come from it.
    fn is_read(&self) -> bool {
        Arc::strong_count(&self.out) == 1 && Arc::strong_count(&self.err) == 1
    }

    /// Writes a line to its standard input.
    pub fn say(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        writeln!(input, "{line}").and_then(|()| input.flush()).unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Closes its standard input.
    pub fn close_input(&mut self) {
        self.child.stdin = None;
    }

    /// Asks it to end, as a service manager does.
    pub fn terminate(&self) {
        let status = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child.id())).status().unwrap();
        assert!(status.success(), "{} cannot be asked to end", self.name);
    }

    /// Kills it: it has no time to say farewell.
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

fn gather(stream: Option<impl Read + Send + 'static>) -> Lines {
    let lines = Lines::default();
    let (gathered, stream) = (lines.clone(), stream.unwrap());
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            gathered.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
    lines
}

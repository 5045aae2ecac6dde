//! One run of ffmpeg.

use std::fs::File;
use std::io::{self, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::sync::oneshot;

use crate::watch::Watch;
use crate::{Failure, Ffmpeg, Input, Options};

/// What a pipe holds at once, bytes, as far as the system allows it.
const PIPE: i32 = 1 << 20;

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The input is over.
    Ended,
    /// Its [`Run`] was dropped, or its output is not read any more.
    Stopped,
    /// It failed.
    Failed(Failure),
}

/// A run that has begun.
#[derive(Debug)]
pub struct Running {
    /// What ffmpeg writes: NUT. When nobody has it open any more, the run ends.
    pub output: File,
    /// Ends the run when it is dropped.
    pub run: Run,
}

/// Keeps ffmpeg running, and learns how it ends. Dropping it ends the run.
#[derive(Debug)]
pub struct Run {
    /// Its other end is closed by the thread that has the child, which sees it hang up.
    _stop: PipeWriter,
    outcome: oneshot::Receiver<Outcome>,
    /// Once it is known.
    known: Option<Outcome>,
}

impl Ffmpeg {
    /// Starts to read `input`. Returns at once: what goes wrong is the outcome.
    pub fn start(&self, input: &Input, options: &Options) -> io::Result<Running> {
        let (read, write) = io::pipe()?;
        let (stopped, stop) = io::pipe()?;
        widen(&write);
        let (sender, outcome) = oneshot::channel();
        let watch = Watch::new(self.clone(), input.clone(), options.clone(), write, stopped);
        // It ends with the child, which ends when it is stopped. The child ends with this thread, which started it.
        Builder::new().name("ffmpeg".into()).spawn(move || {
            // Nobody may want to know.
            let _ = sender.send(watch.run());
        })?;
        Ok(Running { output: OwnedFd::from(read).into(), run: Run { _stop: stop, outcome, known: None } })
    }
}

impl Running {
    /// Waits until there is output, at most `patience`. Blocks.
    ///
    /// # Errors
    /// Why there is none.
    pub fn wait(&mut self, patience: Duration) -> Result<(), Failure> {
        let until = Instant::now() + patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut output = [PollFd::new(&self.output, PollFlags::IN)];
            let left = Timespec::try_from(left).ok();
            match poll(&mut output, left.as_ref()) {
                Ok(0) => return Err(Failure::Silent(patience)),
                Err(rustix::io::Errno::INTR) => {}
                _ if output[0].revents().contains(PollFlags::IN) => return Ok(()),
                _ => return Err(self.run.blocking_failure()),
            }
        }
    }
}

impl Run {
    /// Waits for the end. Dropping the future changes nothing.
    pub async fn outcome(&mut self) -> Outcome {
        if let Some(known) = &self.known {
            return known.clone();
        }
        let outcome = (&mut self.outcome).await.unwrap_or(Outcome::Stopped);
        self.known.insert(outcome).clone()
    }

    /// Waits for the end of a run without output; returns why there is none. Blocks.
    fn blocking_failure(&mut self) -> Failure {
        let outcome = loop {
            match self.outcome.try_recv() {
                Ok(outcome) => break outcome,
                Err(oneshot::error::TryRecvError::Closed) => break self.known.clone().unwrap_or(Outcome::Stopped),
                // The output is closed: the thread is about to tell.
                Err(oneshot::error::TryRecvError::Empty) => std::thread::yield_now(),
            }
        };
        let outcome = self.known.insert(outcome);
        match outcome {
            Outcome::Failed(failure) => failure.clone(),
            Outcome::Ended | Outcome::Stopped => Failure::Empty,
        }
    }
}

#[allow(unsafe_code)]
fn widen(pipe: impl AsFd) {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open. Where the system refuses, a smaller pipe takes longer.
    unsafe { libc::fcntl(pipe.as_fd().as_raw_fd(), libc::F_SETPIPE_SZ, PIPE) };
}

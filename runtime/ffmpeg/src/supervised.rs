//! Runs an input for ever, or to its end.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use tokio::net::unix::pipe::Receiver;
use tokio::task::JoinHandle;

use crate::retry::Retry;
use crate::{Failure, Ffmpeg, Input, Options, Outcome, Running};

/// What happened to an input.
#[derive(Debug)]
pub enum Event {
    /// Its pictures come out of this pipe. Whoever drops it ends the run.
    Started(File),
    /// It broke, and is taken up again after this time.
    Broke {
        /// Why.
        failure: Failure,
        /// The pause.
        retry_in: Duration,
    },
    /// It came to its end; nothing follows.
    Ended,
}

/// An input that is run for ever, or to its end. Dropping it ends the run.
#[derive(Debug)]
pub struct Supervised(JoinHandle<()>);

impl Supervised {
    /// Starts a task that runs `input`, and tells `events`, which returns at once, what happens.
    #[must_use]
    pub fn start(ffmpeg: Ffmpeg, input: Input, options: Options, events: impl FnMut(Event) + Send + 'static) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this value is its owner, and ends it; what it says are events")]
        Self(tokio::spawn(run(ffmpeg, input, options, events)))
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(ffmpeg: Ffmpeg, input: Input, mut options: Options, mut events: impl FnMut(Event) + Send) {
    let mut retry = Retry::default();
    loop {
        let mut started = None;
        let outcome = match ffmpeg.start(&input, &options) {
            Ok(running) => follow(running, |output| {
                started = Some(Instant::now());
                events(Event::Started(output));
            })
            .await
            .unwrap_or_else(|error| Outcome::Failed(Failure::Jail(error.to_string()))),
            Err(error) => Outcome::Failed(Failure::Jail(error.to_string())),
        };
        let failure = match outcome {
            Outcome::Failed(Failure::Interlaced) if !options.deinterlace => {
                options.deinterlace = true;
                continue;
            }
            Outcome::Failed(failure) => failure,
            Outcome::Stopped => Failure::Unread,
            Outcome::Ended if started.is_none() => Failure::Empty,
            Outcome::Ended if input.is_endless() || options.looped => Failure::Over,
            Outcome::Ended => return events(Event::Ended),
        };
        let now = Instant::now();
        let gave = started.map_or(Duration::ZERO, |started| now.saturating_duration_since(started));
        // A file that cannot be read does not mend itself.
        let retry_in = retry.broke(now, gave, failure.is_lasting() || !input.is_endless());
        tracing::info!(input = input.kind(), %failure, ?retry_in, "a source broke");
        events(Event::Broke { failure, retry_in });
        tokio::time::sleep(retry_in).await;
    }
}

/// Passes the output on when something comes out; returns how the run ended.
async fn follow(running: Running, started: impl FnOnce(File)) -> io::Result<Outcome> {
    let Running { output, mut run } = running;
    {
        // A descriptor of its own, which is closed before the output is passed on. Nothing is read through it: it may block.
        let watched = Receiver::from_file_unchecked(output.try_clone()?)?;
        tokio::select! {
            biased;
            ready = watched.readable() => ready?,
            outcome = run.outcome() => return Ok(outcome),
        }
    }
    // An output that was closed without anything in it is readable, too.
    if rustix::io::ioctl_fionread(&output)? > 0 {
        started(output);
    }
    Ok(run.outcome().await)
}

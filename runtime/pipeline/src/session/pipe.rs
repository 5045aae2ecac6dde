//! The reading end of a pipe, whose reader can be told to stop.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How often it looks whether it is to stop, while nothing comes.
const LOOK: Duration = Duration::from_millis(100);

/// The reading end of a pipe. It ends when it is told to stop.
pub(crate) struct Pipe {
    file: File,
    stopped: Arc<AtomicBool>,
}

impl Pipe {
    pub(crate) fn new(file: File, stopped: Arc<AtomicBool>) -> Self {
        Self { file, stopped }
    }

    /// Whether something can be read at once.
    pub(crate) fn has_more(&self) -> bool {
        self.wait(Duration::ZERO).is_ok_and(|flags| flags.contains(PollFlags::IN))
    }

    /// Does nothing for so long. Returns false when it is to stop.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            if self.stopped.load(Ordering::Relaxed) {
                return false;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::park_timeout(left.min(LOOK));
        }
    }

    fn wait(&self, time: Duration) -> rustix::io::Result<PollFlags> {
        let mut files = [PollFd::new(&self.file, PollFlags::IN)];
        poll(&mut files, Timespec::try_from(time).ok().as_ref())?;
        Ok(files[0].revents())
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.stopped.load(Ordering::Relaxed) {
                return Ok(0);
            }
            match self.wait(LOOK) {
                Ok(flags) if flags.is_empty() => {}
                Ok(_) => return self.file.read(buffer),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

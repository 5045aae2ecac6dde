//! WASI with nothing in it: no files, no network, no environment, no arguments; coarse clocks; output is log.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder};

use crate::journal::Journal;
use crate::{Deterministic, Level};

/// What clocks are rounded to, ns: too coarse to time a cache by.
const COARSE: u64 = 1_000_000;
/// Random bytes in one call.
const MOST_RANDOM: u64 = 64 * 1024;
/// Bytes that a guest may write to its output at once.
const MOST_WRITTEN: usize = 64 * 1024;

/// A context that grants nothing and writes to `journal`.
pub(crate) fn context(journal: &Journal) -> WasiCtx {
    nothing(journal).wall_clock(Wall).monotonic_clock(Monotonic { begin: Instant::now() }).build()
}

/// The same, with the clocks and the chance of `world`.
pub(crate) fn simulated(journal: &Journal, world: &Deterministic) -> WasiCtx {
    let seed = u128::from(world.chance(2).next()) << 64 | u128::from(world.chance(3).next());
    nothing(journal)
        .wall_clock(world.clone())
        .monotonic_clock(world.clone())
        .secure_random(world.chance(0))
        .insecure_random(world.chance(1))
        .insecure_random_seed(seed)
        .build()
}

fn nothing(journal: &Journal) -> WasiCtxBuilder {
    let mut builder = WasiCtx::builder();
    builder
        .stdout(Lines::new(journal, Level::Info))
        .stderr(Lines::new(journal, Level::Warn))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(MOST_RANDOM);
    builder
}

struct Wall;

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(COARSE)
    }

    fn now(&self) -> Duration {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Never at zero, which Go's runtime takes for a clock that is broken.
struct Monotonic {
    begin: Instant,
}

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        COARSE
    }

    fn now(&self) -> u64 {
        let now = u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX - COARSE);
        now - now % COARSE + COARSE
    }
}

/// Standard output or error: collects bytes until a line is whole.
///
/// Each stream that a guest opens collects for itself.
#[derive(Clone)]
struct Lines {
    journal: Journal,
    level: Level,
    pending: Vec<u8>,
}

impl Lines {
    fn new(journal: &Journal, level: Level) -> Self {
        Self { journal: journal.clone(), level, pending: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            match part.split_last() {
                Some((b'\n', rest)) => {
                    self.collect(rest);
                    self.end_line();
                }
                _ => self.collect(part),
            }
        }
    }

    /// Keeps one byte more than a line may have: enough for the journal to see that it has to cut.
    fn collect(&mut self, bytes: &[u8]) {
        let room = (self.journal.line_bytes() + 1).saturating_sub(self.pending.len());
        self.pending.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self) {
        self.journal.write(self.level, &String::from_utf8_lossy(&self.pending));
        self.pending.clear();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.pending.is_empty() {
            self.end_line();
        }
    }
}

impl IsTerminal for Lines {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Lines {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MOST_WRITTEN)
    }
}

impl AsyncWrite for Lines {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.get_mut().take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::{Limits, Log};

    #[derive(Default)]
    struct Kept(Mutex<Vec<String>>);

    impl Log for Kept {
        fn line(&self, _level: Level, message: &str) {
            self.0.lock().unwrap().push(message.to_owned());
        }
    }

    #[test]
    fn lines_are_put_together_and_cut() {
        let kept = Arc::new(Kept::default());
        let journal = Journal::new(kept.clone(), &Limits { log_line_bytes: 5, ..Limits::default() });
        let mut lines = Lines::new(&journal, Level::Info);
        for part in ["ab", "c\nde", "\n", "much too ", "long\n", "end"] {
            lines.take(part.as_bytes());
        }
        drop(lines);
        assert_eq!(*kept.0.lock().unwrap(), ["abc", "de", "much …", "end"]);
    }
}

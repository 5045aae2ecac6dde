//! WASI 0.2 that grants nothing: no files, network, environment or arguments. Clocks are coarse; standard output and
//! error go to the log.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder};

use crate::deterministic::Deterministic;
use crate::log::Level;
use crate::state::log_limiter::LogLimiter;

/// Resolution of clocks, ns: too coarse for timing attacks on caches.
const RESOLUTION: u64 = 1_000_000;
/// Random bytes per call, at most.
const MAX_RANDOM: u64 = 64 * 1024;
/// Bytes that a guest may write to its output at once.
const MAX_WRITE: usize = 64 * 1024;

/// Returns a context that grants nothing and writes output to `log`.
pub(crate) fn context(log: &LogLimiter) -> WasiCtx {
    builder(log).wall_clock(Wall).monotonic_clock(Monotonic { begin: Instant::now() }).build()
}

/// Returns the same with the clocks and random numbers of `world`.
pub(crate) fn deterministic(log: &LogLimiter, world: &Deterministic) -> WasiCtx {
    let seed = u128::from(world.random(2).next()) << 64 | u128::from(world.random(3).next());
    builder(log)
        .wall_clock(world.clone())
        .monotonic_clock(world.clone())
        .secure_random(world.random(0))
        .insecure_random(world.random(1))
        .insecure_random_seed(seed)
        .build()
}

fn builder(log: &LogLimiter) -> WasiCtxBuilder {
    let mut builder = WasiCtx::builder();
    builder
        .stdout(Lines::new(log, Level::Info))
        .stderr(Lines::new(log, Level::Warn))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(MAX_RANDOM);
    builder
}

struct Wall;

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(RESOLUTION)
    }

    fn now(&self) -> Duration {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Never reads zero, which Go's runtime takes for a broken clock.
struct Monotonic {
    begin: Instant,
}

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        RESOLUTION
    }

    fn now(&self) -> u64 {
        let now = u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX - RESOLUTION);
        now - now % RESOLUTION + RESOLUTION
    }
}

/// Standard output or error: collects bytes until a line is complete. Each stream that a guest opens has its own buffer.
#[derive(Clone)]
struct Lines {
    log: LogLimiter,
    level: Level,
    pending: Vec<u8>,
}

impl Lines {
    fn new(log: &LogLimiter, level: Level) -> Self {
        Self { log: log.clone(), level, pending: Vec::new() }
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

    /// Keeps one byte more than a line may have, so that the log limiter sees that it has to truncate the line.
    fn collect(&mut self, bytes: &[u8]) {
        let room = (self.log.line_bytes() + 1).saturating_sub(self.pending.len());
        self.pending.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_line(&mut self) {
        self.log.write(self.level, &String::from_utf8_lossy(&self.pending));
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
        Ok(MAX_WRITE)
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
    struct Recorder(Mutex<Vec<String>>);

    impl Log for Recorder {
        fn line(&self, _level: Level, message: &str) {
            self.0.lock().unwrap().push(message.to_owned());
        }
    }

    #[test]
    fn lines_are_assembled_and_truncated() {
        let recorder = Arc::new(Recorder::default());
        let log = LogLimiter::new(recorder.clone(), &Limits { log_line_bytes: 5, ..Limits::default() });
        let mut lines = Lines::new(&log, Level::Info);
        for part in ["ab", "c\nde", "\n", "much too ", "long\n", "end"] {
            lines.take(part.as_bytes());
        }
        drop(lines);
        assert_eq!(*recorder.0.lock().unwrap(), ["abc", "de", "much …", "end"]);
    }
}

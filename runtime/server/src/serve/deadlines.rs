//! A connection's stream with deadlines: for what its client must send, and for a client that does not read.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Time for which a client may read nothing of what waits for it.
pub const WRITE_PAUSE: Duration = Duration::from_secs(30);
/// Lowest rate at which it must read beyond that, bytes a second.
pub const MIN_WRITE_RATE: u64 = 1024;

/// What the stream asks of its connection.
pub trait Clock {
    /// Records that bytes arrived.
    fn received(&self, now: Instant);
    /// Returns by when more must arrive, if it must.
    fn read_deadline(&self) -> Option<Instant>;
}

/// Decides whether a client reads fast enough. `now` is an argument.
#[derive(Debug, Default)]
struct Backlog {
    /// Since when something has waited for the client, and how many bytes it has taken meanwhile.
    since: Option<(Instant, u64)>,
}

impl Backlog {
    /// Records that `taken` of `offered` bytes were taken.
    fn wrote(&mut self, offered: usize, taken: usize) {
        match &mut self.since {
            Some((_, bytes)) if taken < offered => *bytes = bytes.saturating_add(taken as u64),
            // Everything fits: nothing waits.
            since => *since = None,
        }
    }

    /// Records that nothing could be taken; returns by when something must be.
    fn blocked(&mut self, now: Instant) -> Instant {
        let (since, bytes) = *self.since.get_or_insert((now, 0));
        since + WRITE_PAUSE + Duration::from_millis(bytes.saturating_mul(1000) / MIN_WRITE_RATE)
    }
}

/// A stream that fails when its client misses a deadline.
pub struct Timed<S, C> {
    stream: S,
    clock: C,
    backlog: Backlog,
    read_timer: Timer,
    write_timer: Timer,
}

impl<S, C> Timed<S, C> {
    /// Wraps `stream`, whose deadlines for reading are those of `clock`.
    pub fn new(stream: S, clock: C) -> Self {
        let timer = Timer::default;
        Self { stream, clock, backlog: Backlog::default(), read_timer: timer(), write_timer: timer() }
    }
}

impl<S: AsyncRead + Unpin, C: Clock + Unpin> AsyncRead for Timed<S, C> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let this = &mut *self;
        match Pin::new(&mut this.stream).poll_read(cx, buffer) {
            Poll::Ready(result) => {
                if buffer.filled().len() > before {
                    this.clock.received(Instant::now());
                }
                Poll::Ready(result)
            }
            Poll::Pending => match this.clock.read_deadline() {
                Some(deadline) => this.read_timer.poll(cx, deadline).map(Err),
                None => Poll::Pending,
            },
        }
    }
}

impl<S: AsyncWrite + Unpin, C: Unpin> Timed<S, C> {
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        offered: usize,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match polled {
            Poll::Ready(Ok(taken)) => {
                self.backlog.wrote(offered, taken);
                Poll::Ready(Ok(taken))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let deadline = self.backlog.blocked(Instant::now());
                self.write_timer.poll(cx, deadline).map(Err)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin, C: Unpin> AsyncWrite for Timed<S, C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, bytes.len(), polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(cx, slices.iter().map(|slice| slice.len()).sum(), polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A timer that is made when it is first needed.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Waits for `deadline`; returns the error of a deadline that has passed.
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<io::Error> {
        let deadline = deadline.into();
        let sleep = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx).map(|()| io::ErrorKind::TimedOut.into())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    struct Always(Option<Instant>);

    impl Clock for Always {
        fn received(&self, _: Instant) {}

        fn read_deadline(&self) -> Option<Instant> {
            self.0
        }
    }

    #[test]
    fn a_reader_has_time_by_what_it_reads() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut backlog = Backlog::default();
        assert_eq!(backlog.blocked(start), start + WRITE_PAUSE);
        assert_eq!(backlog.blocked(start + 9 * second), start + WRITE_PAUSE, "waiting gains no time");
        backlog.wrote(100_000, 2048);
        assert_eq!(backlog.blocked(start + 10 * second), start + WRITE_PAUSE + 2 * second);
        backlog.wrote(100, 100);
        assert_eq!(backlog.blocked(start + 20 * second), start + 20 * second + WRITE_PAUSE, "everything was read");
    }

    #[tokio::test]
    async fn a_client_that_never_reads_and_one_that_never_writes_are_given_up() {
        let (stream, _other) = duplex(16);
        let mut timed = Timed::new(stream, Always(Some(Instant::now())));
        let error = timed.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        timed.write_all(&[0; 16]).await.unwrap();
        // As if it had waited since long ago.
        timed.backlog.since = Instant::now().checked_sub(WRITE_PAUSE).map(|since| (since, 0));
        assert_eq!(timed.write_all(&[0; 16]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let patient = tokio::time::timeout(Duration::from_millis(50), async {
            let (stream, _other) = duplex(16);
            Timed::new(stream, Always(None)).read(&mut [0]).await
        });
        assert!(patient.await.is_err(), "without a deadline it waits");
    }
}

//! The body of an upload: bounded in size while it comes, and given up when it comes too slowly.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::Sleep;

use super::problem::Problem;

/// Longest pause.
const PAUSE: Duration = Duration::from_secs(10);
/// Time in which nothing access come.
const GRACE: Duration = Duration::from_secs(15);
/// Slowest rate after that, bytes a second.
const SLOWEST: u64 = 16 * 1024;

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It has more than that many bytes.
    TooLarge(u64),
    /// It came too slowly.
    TooSlow,
    /// Its sender went away.
    Gone,
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::TooLarge(most) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the upload is too large: at most {most} bytes are allowed"),
            ),
            Broken::TooSlow => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                format!(
                    "the upload came too slowly: at least {SLOWEST} bytes a second are wanted, without long pauses"
                ),
            ),
            Broken::Gone => Self::new(StatusCode::BAD_REQUEST, "the upload ended early: send it again"),
        }
    }
}

/// What is allowed of a body so far.
#[derive(Clone, Debug)]
struct Patience {
    begin: Instant,
    most: u64,
    bytes: u64,
}

impl Patience {
    /// More came.
    fn more(&mut self, now: Instant, bytes: u64) -> Result<(), Broken> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.most {
            return Err(Broken::TooLarge(self.most));
        }
        if now >= self.deadline() { Err(Broken::TooSlow) } else { Ok(()) }
    }

    /// When more must have come.
    fn deadline(&self) -> Instant {
        self.begin + GRACE + Duration::from_millis(self.bytes.saturating_mul(1000) / SLOWEST)
    }
}

/// A body as it comes.
pub struct Metered {
    stream: BodyDataStream,
    patience: Patience,
    timer: Pin<Box<Sleep>>,
    received: Box<dyn FnMut(u64) + Send>,
    broken: Why,
}

/// Why a body was not read to its end, for who reads it through another reader.
#[derive(Clone, Debug, Default)]
pub struct Why(Arc<Mutex<Option<Broken>>>);

impl Why {
    /// None: it was, as far as anybody wanted.
    pub fn get(&self) -> Option<Broken> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, broken: Broken) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(broken);
    }
}

impl Metered {
    /// Of `body`, at most `most` bytes. `received` is told how many came.
    pub fn new(body: Body, most: u64, received: impl FnMut(u64) + Send + 'static) -> Self {
        let patience = Patience { begin: Instant::now(), most, bytes: 0 };
        let timer = Box::pin(tokio::time::sleep(PAUSE));
        let stream = body.into_data_stream();
        Self { stream, patience, timer, received: Box::new(received), broken: Why::default() }
    }

    /// Where it will say why it broke.
    pub fn why(&self) -> Why {
        self.broken.clone()
    }

    /// All of it.
    ///
    /// # Errors
    /// When it breaks.
    pub async fn collect(&mut self) -> Result<Bytes, Broken> {
        let mut bytes = Vec::new();
        while let Some(chunk) = std::future::poll_fn(|cx| self.poll(cx)).await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(bytes.into())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        let now = Instant::now();
        match Pin::new(&mut self.stream).poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => {
                let more = self.patience.more(now, chunk.len() as u64);
                (self.received)(self.patience.bytes);
                let next = (now + PAUSE).min(self.patience.deadline());
                self.timer.as_mut().reset(next.into());
                Poll::Ready(Some(more.map(|()| chunk)))
            }
            Poll::Ready(Some(Err(_))) => Poll::Ready(Some(Err(Broken::Gone))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => match std::future::Future::poll(self.timer.as_mut(), cx) {
                Poll::Ready(()) => Poll::Ready(Some(Err(Broken::TooSlow))),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl Stream for Metered {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx).map_err(|broken| {
            self.broken.set(broken);
            std::io::Error::other("the body is broken")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends() {
        let begin = Instant::now();
        let second = Duration::from_secs(1);
        // Bytes and the second in which they come; what comes of the last.
        type Case = (&'static [(u32, u64)], Result<(), Broken>);
        let table: &[Case] = &[
            (&[(0, 10)], Ok(())),
            (&[(0, 1_000_000)], Ok(())),
            (&[(0, 1_000_000), (1, 1)], Err(Broken::TooLarge(1_000_000))),
            (&[(14, 1)], Ok(())),
            (&[(1, 1), (16, 1)], Err(Broken::TooSlow)),
            (&[(10, 160 * 1024), (24, 1)], Ok(())),
            (&[(10, 160 * 1024), (26, 1)], Err(Broken::TooSlow)),
        ];
        for (chunks, expected) in table {
            let mut patience = Patience { begin, most: 1_000_000, bytes: 0 };
            let last = chunks.iter().map(|(at, bytes)| patience.more(begin + second * *at, *bytes)).last();
            assert_eq!(last, Some(*expected), "{chunks:?}");
        }
    }
}

//! The body of an upload: bounded in size while it arrives, and rejected when it arrives too slowly.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream};
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::Sleep;

use crate::http::problem::Problem;

/// Longest pause between two chunks.
const PAUSE: Duration = Duration::from_secs(10);
/// Time at the start for which there is no lowest rate.
const GRACE: Duration = Duration::from_secs(15);
/// Lowest rate after that, bytes a second.
const MIN_RATE: u64 = 16 * 1024;

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It has more bytes than this.
    TooLarge(u64),
    /// It arrived too slowly.
    TooSlow,
    /// Its sender closed the connection.
    Gone,
    /// It gave way to others, since there was no room and it was the slowest.
    GaveWay,
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
                format!("the upload arrived too slowly: send at least {MIN_RATE} bytes a second, without long pauses"),
            ),
            Broken::GaveWay => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the server holds as many uploads as it may, and this one arrived the slowest: send it again",
            )
            .retry_after(10),
            Broken::Gone => Self::new(StatusCode::BAD_REQUEST, "the upload ended early: send it again"),
        }
    }
}

/// Decides whether a body arrives fast enough and within its size. `now` is an argument.
#[derive(Clone, Debug)]
struct Deadlines {
    begin: Instant,
    most: u64,
    bytes: u64,
}

impl Deadlines {
    /// Records that `bytes` more arrived.
    fn more(&mut self, now: Instant, bytes: u64) -> Result<(), Broken> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.most {
            return Err(Broken::TooLarge(self.most));
        }
        if now >= self.deadline() { Err(Broken::TooSlow) } else { Ok(()) }
    }

    /// Returns when more must have arrived.
    fn deadline(&self) -> Instant {
        self.begin + GRACE + Duration::from_millis(self.bytes.saturating_mul(1000) / MIN_RATE)
    }
}

/// A body as it arrives.
pub struct Metered {
    stream: BodyDataStream,
    deadlines: Deadlines,
    timer: Pin<Box<Sleep>>,
    received: Box<dyn FnMut(u64) + Send>,
    broken: Why,
}

/// Why a body was not read to its end, for a caller that reads it through another reader.
#[derive(Clone, Debug, Default)]
pub struct Why(Arc<Mutex<Option<Broken>>>);

impl Why {
    /// Returns the reason; `None` when the body did not break.
    pub fn get(&self) -> Option<Broken> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, broken: Broken) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(broken);
    }
}

impl Metered {
    /// Reads at most `most` bytes of `body`. Calls `received` with the number of bytes that have arrived.
    pub fn new(body: Body, most: u64, received: impl FnMut(u64) + Send + 'static) -> Self {
        let deadlines = Deadlines { begin: Instant::now(), most, bytes: 0 };
        let timer = Box::pin(tokio::time::sleep(PAUSE));
        let stream = body.into_data_stream();
        Self { stream, deadlines, timer, received: Box::new(received), broken: Why::default() }
    }

    /// Returns where the reason will be when the body breaks.
    pub fn why(&self) -> Why {
        self.broken.clone()
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// When the body breaks.
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
                let more = self.deadlines.more(now, chunk.len() as u64);
                (self.received)(self.deadlines.bytes);
                let next = (now + PAUSE).min(self.deadlines.deadline());
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
    fn slow_and_large_bodies_are_rejected() {
        let begin = Instant::now();
        let second = Duration::from_secs(1);
        // The seconds and sizes of the chunks, and the outcome of the last.
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
            let mut deadlines = Deadlines { begin, most: 1_000_000, bytes: 0 };
            let last = chunks.iter().map(|(at, bytes)| deadlines.more(begin + second * *at, *bytes)).last();
            assert_eq!(last, Some(*expected), "{chunks:?}");
        }
    }
}

//! The body of an upload: bounded in size while it arrives.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream};
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::Stream;

use crate::http::problem::Problem;
use crate::http::request_body::TooSlow;

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
            Broken::TooSlow => Self::new(StatusCode::REQUEST_TIMEOUT, TooSlow.to_string()),
            Broken::GaveWay => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the server holds as many uploads as it may, and this one arrived the slowest: send it again",
            )
            .retry_after(10),
            Broken::Gone => Self::new(StatusCode::BAD_REQUEST, "the upload ended early: send it again"),
        }
    }
}

/// A body as it arrives.
pub struct Metered {
    stream: BodyDataStream,
    most: u64,
    bytes: u64,
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
        let stream = body.into_data_stream();
        Self { stream, most, bytes: 0, received: Box::new(received), broken: Why::default() }
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
        Pin::new(&mut self.stream).poll_next(cx).map(|next| {
            Some(match next? {
                Ok(chunk) => {
                    self.bytes = self.bytes.saturating_add(chunk.len() as u64);
                    (self.received)(self.bytes);
                    if self.bytes > self.most { Err(Broken::TooLarge(self.most)) } else { Ok(chunk) }
                }
                Err(error) if TooSlow::is_cause(&error) => Err(Broken::TooSlow),
                Err(_) => Err(Broken::Gone),
            })
        })
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

    #[tokio::test]
    async fn a_large_body_is_rejected_before_it_is_kept() {
        for (size, expected) in [(1000, None), (1001, Some(Broken::TooLarge(1000)))] {
            let mut seen = 0;
            let mut body = Metered::new(Body::from(vec![0; size]), 1000, move |bytes| {
                assert!(bytes > seen);
                seen = bytes;
            });
            assert_eq!(body.collect().await.err(), expected, "{size}");
        }
    }
}

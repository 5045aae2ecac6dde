//! Bodies of requests: each arrives in time, and what its handler leaves unread is drained.
//!
//! Many clients read the response only after they have sent the whole body. When the connection is closed before that,
//! they see a broken connection instead of the error.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use tokio::runtime::Handle;
use tokio::time::Sleep;

use super::problem::Problem;

/// Most bytes that are drained.
const MAX_BYTES: u64 = 64 << 20;
/// Longest time for draining.
const MAX_TIME: Duration = Duration::from_secs(5);

/// Longest wait for the next bytes.
const PAUSE: Duration = Duration::from_secs(15);
/// Time at the start for which there is no lowest rate.
const GRACE: Duration = Duration::from_secs(15);
/// Lowest rate after that, bytes a second: a telephone at the edge of its network sends twice as much.
const MIN_RATE: u64 = 4 * 1024;

/// The body arrived too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body arrived too slowly: send at least {MIN_RATE} bytes a second, without long pauses")]
pub struct TooSlow;

impl TooSlow {
    /// Reports whether it is the cause of `error`.
    pub fn is_cause(error: &(dyn Error + 'static)) -> bool {
        std::iter::successors(Some(error), |&error| error.source()).any(|error| error.is::<Self>())
    }
}

/// Middleware: gives a body its deadlines, and drains what the handler leaves unread.
pub async fn limit(request: Request, next: Next) -> Response {
    let is_late = Arc::new(AtomicBool::new(false));
    let late = is_late.clone();
    let wrap = |body| Body::new(LimitedBody { body, ended: false, pace: Pace::default(), timer: None, is_late: late });
    let response = next.run(request.map(wrap)).await;
    if !is_late.load(Relaxed) || response.status() == StatusCode::REQUEST_TIMEOUT {
        return response;
    }
    let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, TooSlow.to_string());
    problem.header(header::CONNECTION, HeaderValue::from_static("close")).into_response()
}

/// Decides whether a body arrives fast enough. Only the time counts for which its reader waits. `now` is an argument.
#[derive(Clone, Debug, Default)]
struct Pace {
    /// Since when the reader waits.
    since: Option<Instant>,
    /// How long it has waited before that.
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Records that nothing is there; returns by when something must be.
    fn wait(&mut self, now: Instant) -> Instant {
        let since = *self.since.get_or_insert(now);
        let allowed = GRACE + Duration::from_millis(self.bytes.saturating_mul(1000) / MIN_RATE);
        since + PAUSE.min(allowed.saturating_sub(self.waited))
    }

    /// Records that `bytes` arrived.
    fn arrived(&mut self, now: Instant, bytes: u64) {
        if let Some(since) = self.since.take() {
            self.waited += now.saturating_duration_since(since);
        }
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// A body with deadlines, whose rest is read and discarded when it is dropped.
struct LimitedBody {
    body: Body,
    ended: bool,
    pace: Pace,
    timer: Option<Pin<Box<Sleep>>>,
    is_late: Arc<AtomicBool>,
}

impl HttpBody for LimitedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.pace.arrived(Instant::now(), bytes);
            }
            Poll::Ready(None | Some(Err(_))) => self.ended = true,
            Poll::Pending => {
                let deadline = self.pace.wait(Instant::now()).into();
                let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
                if timer.deadline() != deadline {
                    timer.as_mut().reset(deadline);
                }
                if timer.as_mut().poll(cx).is_ready() {
                    self.ended = true;
                    self.is_late.store(true, Relaxed);
                    return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for LimitedBody {
    fn drop(&mut self) {
        if self.ended || self.body.is_end_stream() {
            return;
        }
        // Without a runtime the connection is closed, too.
        let Ok(runtime) = Handle::try_current() else { return };
        let mut body = std::mem::take(&mut self.body);
        // Bounded in bytes and time, and its result does not matter: nothing waits for it.
        runtime.spawn(tokio::time::timeout(MAX_TIME, async move {
            let mut left = MAX_BYTES;
            while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
                if left == 0 {
                    break;
                }
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_body_is_given_up_and_an_honest_one_is_not() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        // What arrives each time after a wait, seconds and bytes; and whether it is all in time.
        type Case = (&'static [(u32, u64)], bool);
        let table: &[Case] = &[
            (&[(14, 1)], true),
            (&[(16, 1)], false),
            (&[(10, 1), (6, 1)], false),
            (&[(1, 1); 20], false),
            (&[(10, 4096 * 20), (14, 1), (10, 1)], true),
            (&[(10, 4096 * 20), (16, 1)], false),
            (&[(10, 4096 * 20), (14, 1), (14, 1)], false),
            // A telephone: 8 KiB a second, for ten minutes.
            (&[(1, 8192); 600], true),
            (&[(1, 2048); 600], false),
        ];
        for (chunks, expected) in table {
            let (mut now, mut pace) = (start, Pace::default());
            let in_time = chunks.iter().all(|(wait, bytes)| {
                let deadline = pace.wait(now);
                now += second * *wait;
                pace.arrived(now, *bytes);
                // The reader works for an hour, for which its client is not to blame.
                let in_time = now < deadline;
                now += second * 3600;
                in_time
            });
            assert_eq!(in_time, *expected, "{:?} and so on", chunks.first());
        }
    }

    #[test]
    fn the_cause_is_found_in_an_error_that_wraps_it() {
        assert!(TooSlow::is_cause(&axum::Error::new(axum::Error::new(TooSlow))));
        assert!(!TooSlow::is_cause(&axum::Error::new(std::io::Error::other("gone"))));
    }
}

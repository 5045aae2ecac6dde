//! Drains unread request bodies so that clients receive the error response.
//!
//! Many clients read the response only after they have sent the whole body. When the connection is closed before that,
//! they see a broken connection instead of the error.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio::runtime::Handle;

/// Most bytes that are drained.
const MAX_BYTES: u64 = 64 << 20;
/// Longest time for draining.
const MAX_TIME: Duration = Duration::from_secs(5);

/// Middleware: drains what the handler leaves unread.
pub async fn drain(request: Request, next: Next) -> Response {
    next.run(request.map(|body| Body::new(DrainedBody { body, ended: false }))).await
}

/// A body whose rest is read and discarded when it is dropped.
struct DrainedBody {
    body: Body,
    ended: bool,
}

impl HttpBody for DrainedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for DrainedBody {
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

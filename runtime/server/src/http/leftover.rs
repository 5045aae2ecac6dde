//! What nobody reads of a body, so that its sender gets to reading the answer.
//!
//! Many clients look at the answer only once they have sent everything. A connection that is closed before that is to them
//! a broken one, and they never learn what was wrong.

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

/// What is read of it at most: bytes, and time.
const MOST: u64 = 64 << 20;
const TIME: Duration = Duration::from_secs(5);

/// The layer.
pub async fn is_read(request: Request, next: Next) -> Response {
    next.run(request.map(|body| Body::new(Watched { body, ended: false }))).await
}

/// A body of which the rest is read and thrown away when it is dropped.
struct Watched {
    body: Body,
    ended: bool,
}

impl HttpBody for Watched {
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

impl Drop for Watched {
    fn drop(&mut self) {
        if self.ended || self.body.is_end_stream() {
            return;
        }
        // Without a runtime the connection is over, too.
        let Ok(runtime) = Handle::try_current() else { return };
        let mut body = std::mem::take(&mut self.body);
        runtime.spawn(tokio::time::timeout(TIME, async move {
            let mut left = MOST;
            while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
                if left == 0 {
                    break;
                }
            }
        }));
    }
}

//! Errors that the framework answers with a line of text, as problem details like all others.

use std::any::Any;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// Longest line of text, bytes.
const LONGEST: usize = 1024;

/// Turns what is an error in plain text into a problem.
pub async fn as_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_plain = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    if !is_plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = to_bytes(response.into_body(), LONGEST).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let detail = match (status.is_server_error(), text.trim()) {
        (false, text) if !text.is_empty() => text,
        (false, _) => "this request cannot be answered",
        (true, _) => "the server failed; its log says why",
    };
    Problem::new(status, detail).into_response()
}

/// A handler of ours panicked: that is in the log, and not for strangers.
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(cause = text.unwrap_or("unknown"), "a request could not be answered");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why").into_response()
}

//! Turns the framework's plain-text errors and panics into problem details.

use std::any::Any;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// Longest text that is taken over, bytes.
const MAX_TEXT: usize = 1024;

/// Middleware: turns an error in plain text into problem details.
pub async fn as_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_plain = media_type.is_none_or(|media_type| media_type.starts_with("text/plain"));
    if !is_plain || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = to_bytes(response.into_body(), MAX_TEXT).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let detail = match (status.is_server_error(), text.trim()) {
        (false, text) if !text.is_empty() => text,
        (false, _) => "this request cannot be answered",
        (true, _) => "the server failed; its log says why",
    };
    Problem::new(status, detail).into_response()
}

/// Answers a request whose handler panicked. The cause goes to the log, not to the client.
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(cause = text.unwrap_or("unknown"), "a request could not be answered");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why").into_response()
}

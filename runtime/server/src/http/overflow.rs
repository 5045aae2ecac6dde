//! Requests on connections beyond the server's caps: only the health check is answered.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// Paths that are answered all the same.
const CHECKS: [&str; 2] = ["/healthz", "/readyz"];
/// When to try again, s.
const RETRY: u64 = 5;

/// Marks a request on a connection beyond the caps, in its extensions.
#[derive(Clone, Copy, Debug)]
pub struct Overflow;

/// Middleware: refuses such requests.
pub async fn check(request: Request, next: Next) -> Response {
    if request.extensions().get::<Overflow>().is_none() || CHECKS.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let detail = "the server has as many connections as it allows: close some, or try again later";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(RETRY);
    problem.header(header::CONNECTION, HeaderValue::from_static("close")).into_response()
}

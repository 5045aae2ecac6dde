//! Errors of the API as problem details (RFC 9457).

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// An error whose text says what to do.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    parameters: Option<BTreeMap<String, String>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// An error (RFC 9457). Its text says what to do; further members are for programs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDetails {
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request, and what to do.
    detail: String,
    /// What is wrong with parameters, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameters: Option<BTreeMap<String, String>>,
}

impl Problem {
    /// Creates an error that is answered with `status`.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), parameters: None, headers: Vec::new() }
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Adds what is wrong with each parameter, by id.
    pub fn parameters(mut self, parameters: BTreeMap<String, String>) -> Self {
        self.parameters = Some(parameters);
        self
    }

    /// Adds when to try again, in seconds.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Creates an error for something that does not exist.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Creates an error for a method that the address does not support.
    pub fn method(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, detail, parameters, headers } = self;
        let mut headers: HeaderMap = headers.into_iter().collect();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let title = status.canonical_reason().unwrap_or("error");
        let details = ProblemDetails { title, status: status.as_u16(), detail, parameters };
        // Only maps with keys that are not text cannot be written; there is none.
        (status, headers, serde_json::to_string(&details).unwrap_or_default()).into_response()
    }
}

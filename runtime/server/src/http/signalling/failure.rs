//! Errors of signalling, as FastRTC's clients read them.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use framebox_rtc as rtc;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::catalog_problem::status;
use crate::sessions::offer;
use crate::streams;

/// Time after which another try makes sense where nothing better is known, s.
const RETRY_AFTER: u64 = 5;

/// Why a request fails.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    /// FastRTC's word for it, or one of ours.
    error: &'static str,
    message: String,
    limit: Option<u32>,
    /// Time after which another try makes sense, s.
    retry_after: Option<u64>,
}

/// An error as FastRTC's clients read it.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub struct FailureBody {
    /// `failed`
    status: &'static str,
    /// The error.
    meta: FailureMeta,
}

/// The error.
#[derive(Serialize, ToSchema)]
pub struct FailureMeta {
    /// A word for programs.
    error: &'static str,
    /// What is wrong, and what to do.
    message: String,
    /// Most sessions at once, when the server or the client is at a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limit: Option<u32>,
}

impl Failure {
    /// Creates a failure that is answered with `status`.
    pub fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into(), limit: None, retry_after: None }
    }

    /// Creates a failure for a connection that was closed.
    pub fn closed() -> Self {
        Self::new(StatusCode::GONE, "connection_closed", "the connection was closed")
    }

    /// Creates a failure for a candidate that cannot be used.
    pub fn candidate(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_candidate_format", message)
    }

    /// Creates a failure for an offer that was not answered by a server of at most `limit` sessions.
    pub fn of_offer(error: &offer::Error, limit: u32) -> Self {
        let at_limit = |message: String, retry_after| Self {
            limit: Some(limit),
            retry_after: Some(retry_after),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "concurrency_limit_reached", message)
        };
        match error {
            offer::Error::Handler(error) => Self::of_handler(error),
            offer::Error::Exists => Self::new(StatusCode::CONFLICT, "connection_already_exists", error.to_string()),
            offer::Error::Ending => Self {
                retry_after: Some(1),
                ..Self::new(StatusCode::CONFLICT, "connection_already_exists", error.to_string())
            },
            offer::Error::Restarting => Self {
                retry_after: Some(1),
                ..Self::new(StatusCode::CONFLICT, "restart_in_progress", error.to_string())
            },
            offer::Error::Peer(rtc::Error::Closed) => Self::closed(),
            offer::Error::Quota { most } => Self {
                status: StatusCode::TOO_MANY_REQUESTS,
                limit: Some(*most),
                ..at_limit(error.to_string(), RETRY_AFTER)
            },
            offer::Error::Full => at_limit(error.to_string(), RETRY_AFTER),
            offer::Error::Overloaded(full) => at_limit(full.to_string(), full.retry_after().as_secs().max(1)),
            offer::Error::Peer(rtc::Error::NoPort) => {
                tracing::warn!("no UDP port is free for media; widen webrtc.first_port and webrtc.last_port");
                at_limit("the server has no port left for media: try again later".to_owned(), RETRY_AFTER)
            }
            offer::Error::Peer(rtc::Error::Setup(error)) => Self::internal(&**error),
            offer::Error::Peer(error) => Self::new(StatusCode::BAD_REQUEST, "invalid_offer", error.to_string()),
        }
    }

    /// Creates a failure for what a stream refuses, on a server of at most `limit` sessions.
    pub fn of_stream(error: &streams::Error, limit: u32) -> Self {
        let (status, word) = match error {
            streams::Error::Offer(error) => return Self::of_offer(error, limit),
            streams::Error::Unknown(_) => (StatusCode::NOT_FOUND, "stream_unknown"),
            streams::Error::Taken(_) => (StatusCode::CONFLICT, "stream_exists"),
            streams::Error::Publishing(_) => (StatusCode::CONFLICT, "stream_published"),
            streams::Error::NotLive(_) => (StatusCode::CONFLICT, "stream_not_live"),
            streams::Error::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_option"),
            streams::Error::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden"),
            streams::Error::Full(_) => (StatusCode::SERVICE_UNAVAILABLE, "stream_full"),
            streams::Error::Quota(_) => (StatusCode::TOO_MANY_REQUESTS, "concurrency_limit_reached"),
        };
        Self { retry_after: error.retry_after(), ..Self::new(status, word, error.to_string()) }
    }

    fn of_handler(error: &framebox_catalog::Error) -> Self {
        let message = error.to_string();
        match status(error) {
            StatusCode::NOT_FOUND => Self::new(StatusCode::NOT_FOUND, "unknown_handler", message),
            StatusCode::BAD_REQUEST => Self::new(StatusCode::BAD_REQUEST, "invalid_option", message),
            _ if matches!(error, framebox_catalog::Error::Damaged { .. }) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "handler_damaged", message)
            }
            _ => Self::internal(error),
        }
    }

    /// Creates a failure of the server; `error` goes to the log only.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a session could not be started");
        let message = "the session could not be started; the server's log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self { status, error, message, limit, retry_after } = self;
        let mut headers = HeaderMap::new();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let meta = FailureMeta { error, message, limit };
        (status, headers, Json(FailureBody { status: "failed", meta })).into_response()
    }
}

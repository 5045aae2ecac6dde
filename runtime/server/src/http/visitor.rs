//! Extracts who asks for a stream, and says why something of it is refused.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use framebox_auth::authorize::AuthorizeError;
use framebox_auth::scope::Scope;

use super::auth_layer::Caller;
use super::catalog_problem;
use super::problem::Problem;
use crate::app::App;
use crate::sessions::offer;
use crate::sessions::owner::Requester;
use crate::streams::{Error, Visitor};

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let requester = Requester::from_request_parts(parts, state).await?;
        let caller = parts.extensions.get::<Caller>();
        let has = |scope| caller.is_some_and(|caller| caller.has(scope));
        Ok(Self { requester, may_watch: has(Scope::Watch), may_publish: has(Scope::Publish) })
    }
}

/// Asks for a token where one would do: the stream exists, and is for those who have the scope `watch`.
pub fn token_needed(app: &App, visitor: &Visitor, name: &str) -> Option<Problem> {
    let hidden = app.streams.find(name, visitor).is_err();
    (hidden && !visitor.may_watch && app.streams.needs_token(name)).then(|| AuthorizeError::Missing.into())
}

/// The answer to a request that is refused.
pub fn refused(error: Error) -> Problem {
    let status = match &error {
        Error::Unknown(_) => StatusCode::NOT_FOUND,
        Error::Taken(_) | Error::Publishing(_) | Error::NotLive(_) => StatusCode::CONFLICT,
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::Full(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Quota(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Offer(error) => match error {
            offer::Error::Handler(error) => catalog_problem::status(error),
            offer::Error::Exists | offer::Error::Ending | offer::Error::Restarting => StatusCode::CONFLICT,
            offer::Error::Quota { .. } => StatusCode::TOO_MANY_REQUESTS,
            offer::Error::Full | offer::Error::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            offer::Error::Peer(framebox_rtc::Error::Closed) => StatusCode::GONE,
            offer::Error::Peer(framebox_rtc::Error::NoPort) => StatusCode::SERVICE_UNAVAILABLE,
            offer::Error::Peer(framebox_rtc::Error::Setup(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            offer::Error::Peer(_) => StatusCode::BAD_REQUEST,
        },
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%error, "a request for a stream failed");
        return Problem::new(status, "the server failed; its log says why");
    }
    let problem = Problem::new(status, error.to_string());
    match error.retry_after() {
        Some(seconds) => problem.retry_after(seconds),
        None if status == StatusCode::SERVICE_UNAVAILABLE => problem.retry_after(5),
        None => problem,
    }
}

//! Errors of the catalog as problem details.

use axum::http::StatusCode;
use framebox_sandbox::LoadError;

use super::problem::Problem;
use framebox_catalog::{Error, compile, progress, store};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = status(&error);
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(%error, "the catalog failed");
            return match error {
                Error::Damaged { .. } => Self::new(status, error.to_string()),
                _ => Self::new(status, "the catalog failed; the server's log says why"),
            };
        }
        let problem = Self::new(status, error.to_string());
        match error {
            Error::Compile(compile::Error::BusyForYou { .. }) => problem.retry_after(10),
            Error::Compile(compile::Error::Busy { .. }) => problem.retry_after(60),
            _ => problem,
        }
    }
}

/// Maps an error to its HTTP status.
pub fn status(error: &Error) -> StatusCode {
    match error {
        Error::Name(_) | Error::Limits(_) | Error::Selector(_) | Error::Refused(LoadError::Empty) => {
            StatusCode::BAD_REQUEST
        }
        Error::NoHandler(_) | Error::NoVersion { .. } | Error::NoneActive(_) => StatusCode::NOT_FOUND,
        Error::Fixed(_) | Error::InUse { .. } | Error::Selected { .. } | Error::Versions { .. } => StatusCode::CONFLICT,
        Error::Refused(LoadError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Refused(LoadError::NotWasm) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::Canary(_) | Error::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Compile(compile::Error::Failed(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        Error::Compile(compile::Error::BusyForYou { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Error::Compile(compile::Error::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Compile(_) => StatusCode::UNPROCESSABLE_ENTITY,
        // 507 as RFC 4331 §6 has it for quotas: deleting makes room.
        Error::Quota(_) | Error::Store(store::Error::Full) => StatusCode::INSUFFICIENT_STORAGE,
        Error::Ending => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<progress::BeginError> for Problem {
    fn from(error: progress::BeginError) -> Self {
        let status = match error {
            progress::BeginError::Busy | progress::BeginError::BusyForYou => StatusCode::TOO_MANY_REQUESTS,
            progress::BeginError::Exists => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        let problem = Self::new(status, error.to_string());
        if status == StatusCode::TOO_MANY_REQUESTS { problem.retry_after(5) } else { problem }
    }
}

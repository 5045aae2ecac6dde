//! Changes of the catalog over HTTP: finished once begun, and audited when they are refused.
//!
//! Changes that are made reach the audit log as events of the catalog; see [`crate::recorder`].

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::extract::FromRef;
use axum::http::{HeaderMap, StatusCode, header};
use framebox_auth::Auth;
use framebox_auth::audit::{Action, Entry, Outcome};
use framebox_auth::usage::{Reservation, ReserveError};
use framebox_catalog::Catalog;
use tokio_util::task::TaskTracker;

use super::auth_layer::Caller;
use super::problem::Problem;
use crate::app::App;
use crate::recorder::ANYONE;

/// The catalog, as far as a route needs nothing else of the application.
#[derive(Clone)]
pub struct Handlers(pub Arc<Catalog>);

impl FromRef<Arc<App>> for Handlers {
    fn from_ref(app: &Arc<App>) -> Self {
        Self(app.catalog.clone())
    }
}

/// A change that a client attempts.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who attempts it.
    pub caller: Caller,
    /// What is attempted.
    pub action: Action,
    /// The handler's name.
    pub name: String,
    /// The version that it names.
    pub version: Option<u64>,
}

/// Runs changes.
pub struct Changes {
    auth: Arc<Auth>,
    running: TaskTracker,
}

impl Changes {
    /// Creates a runner that checks quotas with `auth` and writes to its audit log.
    pub fn new(auth: Arc<Auth>) -> Self {
        Self { auth, running: TaskTracker::new() }
    }

    /// Runs a change in a task of its own, to its end even when the client does not wait. A refusal is audited.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        attempt: Attempt,
        change: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<T, Problem> {
        let changes = self.clone();
        let work = self.running.spawn(async move {
            let result = change.await;
            if let Err(problem) = &result {
                let status = problem.status();
                let outcome = match status {
                    status if status.is_client_error() => Outcome::Refused,
                    StatusCode::INSUFFICIENT_STORAGE => Outcome::Refused,
                    _ => Outcome::Failed,
                };
                changes.audit(attempt, outcome, status).await;
            }
            result
        });
        work.await.unwrap_or_else(|_| Err(failed()))
    }

    /// Writes to the audit log what produces no event: refusals, and changes that make no difference.
    pub async fn audit(&self, attempt: Attempt, outcome: Outcome, status: StatusCode) {
        let Attempt { caller, action, name, version } = attempt;
        let entry = Entry {
            principal: caller.principal.token.unwrap_or_else(|| ANYONE.to_owned()),
            address: caller.address,
            action,
            name,
            version,
            digest: None,
            outcome,
            status: Some(status.as_u16()),
        };
        let auth = self.auth.clone();
        let write = move || auth.audit.write(&entry, SystemTime::now());
        if let Err(error) = tokio::task::spawn_blocking(write).await {
            tracing::error!(%error, "a refused change could not be audited");
        }
    }

    /// Waits for the changes that run. No change begins afterwards.
    pub async fn finish(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Counts an upload against the rate of its token. Too frequent attempts are not audited: they would push out the
    /// history.
    pub fn count_upload(&self, caller: &Caller) -> Result<(), Problem> {
        self.auth.count_upload(&caller.principal, Instant::now()).map_err(too_often)
    }

    /// Reserves room for an upload within the quota of its token, before its body is read.
    pub async fn reserve(
        &self,
        caller: &Caller,
        name: &str,
        headers: &HeaderMap,
    ) -> Result<Option<Reservation>, Problem> {
        let (Some(token), quota) = (caller.principal.token.clone(), caller.principal.quota) else { return Ok(None) };
        if quota.handlers.is_none() && quota.mib.is_none() {
            return Ok(None);
        }
        let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let Some(bytes) = length else {
            let detail = "uploads with a token that has a quota need a known length: send `Content-Length`";
            return Err(Problem::new(StatusCode::LENGTH_REQUIRED, detail));
        };
        let (auth, name) = (self.auth.clone(), name.to_owned());
        match tokio::task::spawn_blocking(move || auth.usage.reserve(&token, &quota, &name, bytes)).await {
            Ok(Ok(reservation)) => Ok(Some(reservation)),
            // 507 as RFC 4331 §6 has it for quotas: deleting makes room.
            Ok(Err(ReserveError::Quota(error))) => {
                Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string()))
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "a quota cannot be checked");
                Err(failed())
            }
            Err(error) => {
                tracing::error!(%error, "a quota cannot be checked");
                Err(failed())
            }
        }
    }
}

fn too_often(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + 1;
    let detail = format!("too many uploads within a minute: try again in {seconds} s");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(seconds)
}

fn failed() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why")
}

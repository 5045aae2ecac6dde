//! Changes of the catalog over HTTP: finished once begun, and audited when they are refused.
//!
//! Changes that are made reach the audit log as events of the catalog; see [`crate::recorder`].

use std::future::Future;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::extract::FromRef;
use axum::http::StatusCode;
use framebox_auth::audit::{Action, Entry, Outcome};
use framebox_auth::{Auth, meter};
use framebox_catalog::Catalog;
use framebox_catalog::progress::Permit;
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
    /// Creates a runner that meters uploads with `auth` and writes to its audit log.
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

    /// Counts an upload of `bytes` against the quota of its principal, as far as that is known before its body comes. Too
    /// frequent attempts are not audited: they would push out the history.
    pub fn admit_upload(&self, caller: &Caller, bytes: u64) -> Result<(), Problem> {
        let admitted = self.auth.admit_upload(&caller.principal, &caller.key(), bytes, Instant::now());
        admitted.map_err(|exceeded| {
            let wait = meter::seconds(exceeded.wait()).max(1);
            Problem::new(StatusCode::TOO_MANY_REQUESTS, exceeded.to_string()).retry_after(wait)
        })
    }

    /// Records what an upload took.
    pub fn charge_upload(&self, caller: &Caller, permit: &Permit) {
        self.auth.charge_upload(&caller.key(), permit.bytes(), permit.compile_time(), Instant::now());
    }
}

fn failed() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why")
}

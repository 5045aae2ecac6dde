//! `GET /healthz`, `GET /readyz`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use framebox_auth::scope::Access;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::problem::Problem;
use crate::http::routes::{Routes, Rule};

/// State of the server.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`
    status: &'static str,
    /// Number of sessions, including those whose resources are being freed.
    sessions: usize,
    /// Most sessions at once.
    limit: u32,
    /// CPU time of the sessions; null when it is not limited.
    load: Option<Load>,
    /// Version of the program.
    version: &'static str,
}

/// CPU time, ms a second.
#[derive(Serialize, ToSchema)]
pub struct Load {
    /// What the sessions use, or are expected to use.
    used_ms: f64,
    /// What they may use together.
    capacity_ms: f64,
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let open = Rule::new(Access::Nothing);
    routes.serve::<__path_health, _>(open, health).serve::<__path_ready, _>(open, ready)
}

/// Reports whether the server is up
#[utoipa::path(get, path = "/healthz", tag = "server",
    responses((status = 200, description = "It is", body = Health)))]
async fn health(State(app): State<Arc<App>>) -> Json<Health> {
    let load = app.answerer.load();
    // The sum over no sessions is -0.0.
    let load = load.map(|load| Load { used_ms: load.used_ms.round().abs(), capacity_ms: load.capacity_ms });
    let (sessions, limit) = (app.sessions.count(), app.sessions.limit());
    Json(Health { status: "ok", sessions, limit, load, version: env!("CARGO_PKG_VERSION") })
}

/// When to ask again, s.
const RETRY: u64 = 5;

/// State of a server that takes sessions.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ready`
    status: &'static str,
}

/// Reports whether the server takes another session
#[utoipa::path(get, path = "/readyz", tag = "server",
    responses(
        (status = 200, description = "It does", body = Readiness),
        (status = 503, description = "Every slot is taken, or the server is stopping"),
    ))]
async fn ready(State(app): State<Arc<App>>) -> Result<Json<Readiness>, Problem> {
    if app.sessions.is_ready() {
        return Ok(Json(Readiness { status: "ready" }));
    }
    let detail = "every slot for a session is taken, or the server is stopping: send offers to another one";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(RETRY))
}

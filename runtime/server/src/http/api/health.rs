//! `GET /healthz`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use framebox_auth::scope::Access;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
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
    routes.serve::<__path_health, _>(Rule::new(Access::Nothing), health)
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

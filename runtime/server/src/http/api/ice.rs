//! `GET /ice`: STUN and TURN servers for a connection that is about to begin.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::{Extension, Json};
use framebox_auth::scope::{Access, Scope};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::routes::{Routes, Rule};
use crate::ice_servers::IceServer;

/// How a client reaches the server: its `iceServers` are an `RTCConfiguration`'s. Members may be added.
#[derive(Serialize, ToSchema)]
#[schema(as = Ice)]
#[serde(rename_all = "camelCase")]
pub struct Ice {
    /// STUN and TURN servers; none where clients reach the server without.
    ice_servers: Vec<IceServer>,
    /// How long their credentials may be used to begin a connection, s; null: for ever.
    ttl: Option<u64>,
    /// Time for which a session outlives a connection that was interrupted, s.
    disconnect_timeout: u64,
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    routes.serve::<__path_ice, _>(Rule::new(Access::Scope(Scope::Watch)), ice)
}

/// Names STUN and TURN servers, with credentials for the caller
#[utoipa::path(get, path = "/ice", tag = "sessions",
    responses((status = 200, description = "For the connection's `RTCConfiguration`", body = Ice)))]
async fn ice(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> ([(HeaderName, &'static str); 1], Json<Ice>) {
    of_client(&app, &caller)
}

/// The servers for a caller.
pub(super) fn of_client(app: &App, caller: &Caller) -> ([(HeaderName, &'static str); 1], Json<Ice>) {
    let ice_servers = app.ice_servers.of_client(SystemTime::now(), &caller.key());
    let (ttl, disconnect_timeout) = (app.ice_servers.ttl_s(), app.ice_servers.disconnect_timeout_s());
    ([(header::CACHE_CONTROL, "no-store")], Json(Ice { ice_servers, ttl, disconnect_timeout }))
}

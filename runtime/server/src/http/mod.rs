//! The HTTP side: the API and the page.

mod body;
mod catalog_problem;
mod handlers;
mod offer;
mod outputs;
mod page;
mod parameters;
mod problem;
mod sessions;
mod upload;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::routing::{delete, get, post, put};
use serde_json::{Value, json};
use tower_http::cors::CorsLayer;

use crate::app::App;
use problem::Problem;

/// Largest body of a request, bytes.
const LARGEST_BODY: usize = 256 * 1024;

/// Every route. `origins`: pages from elsewhere that may use the API.
pub fn router(app: Arc<App>, origins: &[HeaderValue]) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, HeaderName::from_static("upload-id")]);
    Router::new()
        .route("/webrtc/offer", post(offer::offer))
        .route("/handlers", get(handlers::list))
        .route("/handlers/{name}", get(handlers::one).delete(versions::delete))
        // The body of an upload has a bound of its own.
        .route("/handlers/{name}", put(upload::put).layer(DefaultBodyLimit::disable()))
        .route("/handlers/{name}/versions", get(versions::list))
        .route("/handlers/{name}/versions/{number}", delete(versions::delete_version))
        .route("/handlers/{name}/active", post(versions::choose))
        .route("/uploads/{id}", get(upload::progress))
        .route("/sessions", get(sessions::list))
        .route("/sessions/{id}", get(sessions::one).patch(sessions::change).delete(sessions::end))
        .route("/sessions/{id}/frames", get(sessions::frames))
        .route("/sessions/{id}/parameters", get(parameters::all).patch(parameters::change))
        .route("/sessions/{id}/outputs", get(outputs::stream))
        .route("/sessions/{id}/log", get(sessions::log))
        .route("/input_hook", post(parameters::input_hook))
        .route("/outputs", get(outputs::fastrtc))
        .route("/healthz", get(health))
        .route("/", get(page::index))
        .route("/framebox.js", get(page::client))
        .route("/client/{file}", get(page::client_part))
        .route("/page/{file}", get(page::file))
        .fallback(async || Problem::not_found("there is nothing at this address; the page is at /"))
        .method_not_allowed_fallback(async || Problem::method("this address does not take this method"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(cors)
        .with_state(app)
}

async fn health(State(app): State<Arc<App>>) -> axum::Json<Value> {
    let sessions = app.sessions.list().len();
    let version = env!("CARGO_PKG_VERSION");
    let load = app.load().map(|load| json!({ "used_ms": load.used_ms.round(), "capacity_ms": load.capacity_ms }));
    let limit = app.sessions.limit();
    axum::Json(json!({ "status": "ok", "sessions": sessions, "limit": limit, "load": load, "version": version }))
}

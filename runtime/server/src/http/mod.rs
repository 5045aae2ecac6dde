//! The HTTP side: the API and the page.

mod auth_layer;
#[cfg(test)]
mod auth_layer_tests;
mod body;
mod build;
mod catalog_problem;
mod change;
#[cfg(test)]
mod change_tests;
mod handlers;
mod leftover;
mod object;
mod offer;
mod openapi;
mod outputs;
mod page;
mod parameters;
mod plain;
mod problem;
mod routes;
mod sessions;
#[cfg(test)]
mod test_client;
mod upload;
mod versions;

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use axum::extract::{DefaultBodyLimit, State};
use axum::handler::Handler;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn;
use axum::{Extension, Router};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;

use crate::app::App;
use auth_layer::AuthLayer;
use framebox_auth::Auth;
use framebox_auth::authorize::Request;
use framebox_auth::scope::{Access, Scope};
use problem::Problem;
use routes::Routes;

pub use change::Changes;

/// Largest body of a request, bytes.
const LARGEST_BODY: usize = 256 * 1024;

/// The API and the page. `changes`: runs changes of the catalog; `origins`: pages from elsewhere that may use the API.
pub fn router(app: Arc<App>, auth: Arc<Auth>, changes: Arc<Changes>, origins: &[HeaderValue]) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, HeaderName::from_static("upload-id")]);
    let document = Arc::new(Document { auth: auth.clone(), listed: OnceLock::new() });
    let (router, listed) = routes(AuthLayer::new(auth), document.clone()).split();
    document.listed.get_or_init(|| listed);
    router
        .fallback(async || Problem::not_found("there is nothing at this address; the page is at /"))
        .method_not_allowed_fallback(async || Problem::method("this address does not take this method"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(Extension(changes))
        .layer(from_fn(plain::as_problems))
        .layer(from_fn(leftover::is_read))
        .layer(CatchPanicLayer::custom(plain::panicked))
        .layer(cors)
        .with_state(app)
}

/// What the document of the API is made of, each time: tokens come and go.
struct Document {
    auth: Arc<Auth>,
    /// Set before the first request.
    listed: OnceLock<Vec<routes::Listed>>,
}

impl Document {
    fn text(&self) -> String {
        let listed = self.listed.get().map(Vec::as_slice).unwrap_or_default();
        openapi::text(listed, |access| {
            let request = Request { token: None, access, is_direct: true };
            self.auth.authorize(request, SystemTime::now()).is_ok()
        })
    }
}

/// Every route, with what it takes to use it. `document`: theirs.
fn routes(auth_layer: AuthLayer, document: Arc<Document>) -> Routes<Arc<App>> {
    use Access::{Nothing, Token};
    const PROMOTE: Access = Access::Scope(Scope::Promote);
    const UPLOAD: Access = Access::Scope(Scope::Upload);
    const WATCH: Access = Access::Scope(Scope::Watch);
    Routes::new(auth_layer)
        .add(Method::POST, "/webrtc/offer", WATCH, offer::offer)
        .add(Method::GET, "/handlers", Token, handlers::list)
        .add(Method::GET, "/handlers/{name}", Token, handlers::one)
        // The body of an upload has a bound of its own.
        .add(Method::PUT, "/handlers/{name}", UPLOAD, upload::put.layer(DefaultBodyLimit::disable()))
        .add(Method::DELETE, "/handlers/{name}", PROMOTE, versions::delete)
        .add(Method::GET, "/handlers/{name}/versions", Token, versions::list)
        .add(Method::DELETE, "/handlers/{name}/versions/{version}", PROMOTE, versions::delete_version)
        .add(Method::POST, "/handlers/{name}/active", PROMOTE, versions::promote)
        .add(Method::POST, "/handlers/{name}/build", UPLOAD, build::report)
        .add(Method::GET, "/uploads/{id}", UPLOAD, upload::progress)
        .add(Method::GET, "/sessions", WATCH, sessions::list)
        .add(Method::GET, "/sessions/{id}", WATCH, sessions::one)
        .add(Method::PATCH, "/sessions/{id}", WATCH, sessions::change)
        .add(Method::DELETE, "/sessions/{id}", WATCH, sessions::end)
        .add(Method::GET, "/sessions/{id}/frames", WATCH, sessions::frames)
        .add(Method::GET, "/sessions/{id}/parameters", WATCH, parameters::all)
        .add(Method::PATCH, "/sessions/{id}/parameters", WATCH, parameters::change)
        .stream("/sessions/{id}/outputs", WATCH, outputs::stream)
        .add(Method::GET, "/sessions/{id}/log", WATCH, sessions::log)
        .add(Method::POST, "/input_hook", WATCH, parameters::input_hook)
        .stream("/outputs", WATCH, outputs::fastrtc)
        .add(Method::GET, "/healthz", Nothing, health)
        .add(Method::GET, "/openapi.json", Nothing, async move || openapi::answer(document.text()))
        .add(Method::GET, "/", Nothing, page::index)
        .add(Method::GET, "/framebox.js", Nothing, page::client)
        .add(Method::GET, "/client/{file}", Nothing, page::client_part)
        .add(Method::GET, "/page/{file}", Nothing, page::file)
}

async fn health(State(app): State<Arc<App>>) -> axum::Json<Value> {
    let sessions = app.sessions.list().len();
    let version = env!("CARGO_PKG_VERSION");
    let load =
        app.answerer.load().map(|load| json!({ "used_ms": load.used_ms.round(), "capacity_ms": load.capacity_ms }));
    let limit = app.sessions.limit();
    axum::Json(json!({ "status": "ok", "sessions": sessions, "limit": limit, "load": load, "version": version }))
}

/// Every route, for tests of what is said of them.
#[cfg(test)]
fn routes_without_app() -> Vec<routes::Listed> {
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let auth = Auth::open(None, &[], here).expect("auth without a data directory");
    let auth = Arc::new(auth);
    let document = Arc::new(Document { auth: auth.clone(), listed: OnceLock::new() });
    routes(AuthLayer::new(auth), document).split().1
}

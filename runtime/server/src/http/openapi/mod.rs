//! `GET /openapi.json`: the document of the API, OpenAPI 3.1.
//!
//! Each operation is documented beside its handler, with the types that are sent; [`Document`] puts them together from the
//! routes. What holds everywhere (the tokens that a route takes, the errors of the authentication layer and the framework) comes from the routes'
//! rules.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use framebox_auth::Auth;
use framebox_auth::authorize::Request;
use framebox_auth::scope::Access;
use utoipa::OpenApi;
use utoipa::openapi::Components;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};

use super::operation;
use super::problem::ProblemDetails;
use super::routes::{Listed, Routes, Rule};
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Framebox",
        description = "Live video through sandboxed WebAssembly components: signalling, sessions, the catalog of handlers.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact()
    ),
    components(schemas(ProblemDetails)),
    tags(
        (name = "handlers", description = "The catalog: handlers, their versions, which one is active"),
        (name = "sessions", description = "Live sessions; the id of each is the `webrtc_id` of its offer"),
        (name = "fastrtc", description = "Signalling and hooks as pages written for FastRTC know them"),
        (name = "server", description = "The server itself and its page"),
    )
)]
struct Frame;

/// The document of the API. It is written for each request, since tokens come and go while the server runs.
pub struct Document {
    auth: Arc<Auth>,
    /// Set before the first request.
    listed: OnceLock<Vec<Listed>>,
}

impl Document {
    /// Creates a document that describes no routes yet.
    pub fn new(auth: Arc<Auth>) -> Self {
        Self { auth, listed: OnceLock::new() }
    }

    /// Sets the routes, once.
    pub fn set(&self, listed: Vec<Listed>) {
        self.listed.get_or_init(|| listed);
    }

    fn text(&self) -> String {
        let listed = self.listed.get().map(Vec::as_slice).unwrap_or_default();
        text(listed, |access| {
            let request = Request { token: None, access };
            self.auth.authorize(request, SystemTime::now()).is_ok()
        })
    }
}

/// Adds the route of the document.
pub fn routes(routes: Routes<Arc<App>>, document: Arc<Document>) -> Routes<Arc<App>> {
    routes.serve::<__path_openapi, _>(Rule::new(Access::Nothing), async move || openapi(&document))
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
fn openapi(document: &Document) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], document.text()).into_response()
}

/// Writes the document of the routes `listed`. `is_open` returns whether something is allowed without a token.
fn text(listed: &[Listed], is_open: impl Fn(Access) -> bool) -> String {
    // Nothing in it cannot be written as JSON.
    document(listed, is_open).to_json().unwrap_or_default()
}

fn document(listed: &[Listed], is_open: impl Fn(Access) -> bool) -> utoipa::openapi::OpenApi {
    let mut document = Frame::openapi();
    let components = document.components.get_or_insert_with(Components::new);
    add_security(components);
    for route in listed {
        components.schemas.extend(route.schemas.iter().cloned());
        let mut operation = route.operation.clone();
        if is_open(route.rule.access) {
            operation::open(&mut operation);
        }
        let item = document.paths.paths.entry(route.path.clone()).or_default();
        if let Some(place) = place(item, &route.method) {
            *place = Some(operation);
        }
    }
    document
}

fn add_security(components: &mut Components) {
    let http = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("fbx_…")
        .description(Some("A token of `framebox token new`; not needed where the server is open."))
        .build();
    let key = ApiKeyValue::with_description("access_token", "For EventSource, which sends no headers of its own.");
    components.add_security_scheme("token", SecurityScheme::Http(http));
    components.add_security_scheme("query", SecurityScheme::ApiKey(ApiKey::Query(key)));
}

fn place<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Option<utoipa::openapi::path::Operation>> {
    match *method {
        Method::GET => Some(&mut item.get),
        Method::POST => Some(&mut item.post),
        Method::PUT => Some(&mut item.put),
        Method::PATCH => Some(&mut item.patch),
        Method::DELETE => Some(&mut item.delete),
        _ => None,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

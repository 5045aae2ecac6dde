//! Routes, each with its rule and its documented operation: a route cannot exist without either.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use framebox_auth::scope::Access;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{RefOr, schema::Schema};

use super::auth_layer::{self, AuthLayer};
use super::operation;

pub use super::auth_layer::Rule;

/// An operation that `utoipa::path` documents beside its handler: `__path_NAME` for the handler `NAME`.
pub trait Documented: utoipa::Path + SchemaReferences + for<'t> Tags<'t> {}

impl<T: utoipa::Path + SchemaReferences + for<'t> Tags<'t>> Documented for T {}

/// A route as the document of the API describes it.
#[derive(Clone)]
pub struct Listed {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: String,
    /// What its use takes.
    pub rule: Rule,
    /// Its documentation, complete but for whether it is open.
    pub operation: Operation,
    /// The schemas that the documentation refers to, by name.
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

impl Rule {
    /// Creates a rule for a route that is not a stream.
    pub const fn new(access: Access) -> Self {
        Self { access, is_stream: false }
    }

    /// Marks a route of server-sent events, which browsers request without headers of their own.
    pub const fn streams(self) -> Self {
        Self { is_stream: true, ..self }
    }
}

/// Routes behind the authentication layer.
pub struct Routes<S> {
    router: Router<S>,
    auth_layer: AuthLayer,
    listed: Vec<Listed>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Starts without a route.
    pub fn new(auth_layer: AuthLayer) -> Self {
        Self { router: Router::new(), auth_layer, listed: Vec::new() }
    }

    /// Adds the route of the operation `O`.
    pub fn serve<O: Documented, T: 'static>(mut self, rule: Rule, handler: impl Handler<T, S>) -> Self {
        let (path, mut schemas) = (O::path(), Vec::new());
        O::schemas(&mut schemas);
        for method in O::methods().iter().map(method) {
            let mut operation = operation::complete(O::operation(), rule);
            operation.tags = Some(O::tags().into_iter().map(str::to_owned).collect());
            let mut route = self.guarded(&method, rule, handler.clone());
            if cfg!(debug_assertions) {
                let statuses = operation.responses.responses.keys().filter_map(|status| status.parse().ok()).collect();
                let expected = Arc::new(Expected { method: method.clone(), path: path.clone(), statuses });
                route = route.route_layer(from_fn_with_state(expected, check_status));
            }
            self.router = self.router.route(&path, route);
            let (path, schemas) = (path.clone(), schemas.clone());
            self.listed.push(Listed { method, path, rule, operation, schemas });
        }
        self
    }

    fn guarded<T: 'static>(&self, method: &Method, rule: Rule, handler: impl Handler<T, S>) -> MethodRouter<S> {
        let filter = match *method {
            Method::POST => MethodFilter::POST,
            Method::PUT => MethodFilter::PUT,
            Method::PATCH => MethodFilter::PATCH,
            Method::DELETE => MethodFilter::DELETE,
            // Also answers HEAD, under the same rule.
            _ => MethodFilter::GET,
        };
        on(filter, handler).route_layer(from_fn_with_state((self.auth_layer.clone(), rule), auth_layer::authorize))
    }

    /// Returns the router, and what is in it.
    pub fn split(self) -> (Router<S>, Vec<Listed>) {
        (self.router, self.listed)
    }
}

/// Routes without documentation, for tests.
#[cfg(test)]
impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Adds a route.
    pub fn add<T: 'static>(self, method: Method, path: &str, access: Access, handler: impl Handler<T, S>) -> Self {
        self.undocumented(method, path, Rule::new(access), handler)
    }

    /// Adds a route of server-sent events.
    pub fn stream<T: 'static>(self, path: &str, access: Access, handler: impl Handler<T, S>) -> Self {
        self.undocumented(Method::GET, path, Rule::new(access).streams(), handler)
    }

    fn undocumented<T: 'static>(mut self, method: Method, path: &str, rule: Rule, handler: impl Handler<T, S>) -> Self {
        let route = self.guarded(&method, rule, handler);
        self.router = self.router.route(path, route);
        self
    }
}

fn method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

/// The statuses that a route's documentation lists.
struct Expected {
    method: Method,
    path: String,
    statuses: BTreeSet<u16>,
}

/// Middleware of debug builds: logs an error when a route answers with a status that its documentation does not list.
async fn check_status(State(expected): State<Arc<Expected>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !expected.statuses.contains(&status.as_u16()) {
        let Expected { method, path, .. } = &*expected;
        tracing::error!(%method, path, %status, "an answer's status is missing in the API's document");
    }
    response
}

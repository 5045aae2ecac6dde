//! Routes that cannot be made without saying what it takes to use them.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, on};

use super::auth_layer::{AuthLayer, Rule};
use framebox_auth::scope::Access;

/// A route as the document of the API has it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its method.
    pub method: Method,
    /// Its path, with `{…}`.
    pub path: &'static str,
    /// What it takes.
    pub rule: Rule,
}

/// Routes behind the authentication layer.
pub struct Routes<S> {
    router: Router<S>,
    auth_layer: AuthLayer,
    listed: Vec<Listed>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet.
    pub fn new(auth_layer: AuthLayer) -> Self {
        Self { router: Router::new(), auth_layer, listed: Vec::new() }
    }

    /// Adds one.
    pub fn add<T: 'static>(
        self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: impl Handler<T, S>,
    ) -> Self {
        self.with(method, path, Rule { access, is_stream: false }, handler)
    }

    /// Adds one that gives server-sent events. Browsers read these without headers of their own.
    pub fn stream<T: 'static>(self, path: &'static str, access: Access, handler: impl Handler<T, S>) -> Self {
        self.with(Method::GET, path, Rule { access, is_stream: true }, handler)
    }

    fn with<T: 'static>(mut self, method: Method, path: &'static str, rule: Rule, handler: impl Handler<T, S>) -> Self {
        let filter = match method {
            Method::POST => MethodFilter::POST,
            Method::PUT => MethodFilter::PUT,
            Method::PATCH => MethodFilter::PATCH,
            Method::DELETE => MethodFilter::DELETE,
            // Also answers HEAD, under the same rule.
            _ => MethodFilter::GET,
        };
        let guarded = on(filter, handler)
            .route_layer(from_fn_with_state((self.auth_layer.clone(), rule), super::auth_layer::authorize));
        self.router = self.router.route(path, guarded);
        self.listed.push(Listed { method, path, rule });
        self
    }

    /// The router, and what is in it.
    pub fn split(self) -> (Router<S>, Vec<Listed>) {
        (self.router, self.listed)
    }
}

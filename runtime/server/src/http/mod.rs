//! HTTP: the API, signalling and the page.
//!
//! | module | what it holds |
//! |---|---|
//! | `api` | the API, one module a resource |
//! | `signalling` | offers and candidates, one module a protocol |
//! | `upload`, `upload_body` | uploads, within bounds of size and time |
//! | `versions` | the versions of a handler |
//! | `page` | the page and the browser client |
//! | `routes` | routes, each with its rule and its documented operation |
//! | `guard` | middleware: authentication, upload quotas, audit log |
//! | `openapi`, `operation` | the document of the API, made from the routes |
//! | `problem`, `catalog_problem`, `framework_errors` | errors as problem details |
//! | `json_object`, `drain_body` | bodies of requests |

mod api;
mod catalog_problem;
mod drain_body;
mod framework_errors;
mod guard;
#[cfg(test)]
mod guard_tests;
mod json_object;
mod openapi;
mod operation;
mod page;
mod problem;
mod routes;
mod signalling;
mod upload;
mod upload_body;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::from_fn;
use framebox_auth::Rights;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;

use crate::app::App;
use guard::Guard;
use openapi::Document;
use problem::Problem;
use routes::Routes;

/// Largest body of a request other than an upload, bytes.
const MAX_BODY: usize = 256 * 1024;

/// Builds the router of the API, signalling and the page. Pages from `origins` may use the API, too.
pub fn router(app: Arc<App>, rights: Arc<Rights>, origins: &[HeaderValue]) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, HeaderName::from_static("upload-id")]);
    let catalog = app.catalog.clone();
    let guard = Guard::new(rights.clone(), move |name| catalog.versions(name).is_ok());
    let document = Arc::new(Document::new(rights));
    let (router, listed) = routes(guard, document.clone()).split();
    document.set(listed);
    router
        .fallback(async || Problem::not_found("there is nothing at this address; the page is at /"))
        .method_not_allowed_fallback(async || Problem::method("this address does not take this method"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(framework_errors::as_problems))
        .layer(from_fn(drain_body::drain))
        .layer(CatchPanicLayer::custom(framework_errors::panicked))
        .layer(cors)
        .with_state(app)
}

/// Collects every route. `document` describes them.
fn routes(guard: Guard, document: Arc<Document>) -> Routes<Arc<App>> {
    let routes = signalling::fastrtc::routes(Routes::new(guard));
    let routes = versions::routes(upload::routes(api::handlers::routes(routes)));
    let routes = api::sessions::routes(api::builds::routes(routes));
    let routes = api::outputs::routes(api::parameters::routes(routes));
    page::routes(openapi::routes(api::health::routes(routes), document))
}

/// Returns every route, for tests.
#[cfg(test)]
fn routes_without_app() -> Vec<routes::Listed> {
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let rights = Rights::open(None, &[], here).expect("rights without a data directory");
    let rights = Arc::new(rights);
    let document = Arc::new(Document::new(rights.clone()));
    routes(Guard::new(rights, |_| false), document).split().1
}

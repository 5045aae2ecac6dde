//! HTTP: the API, signalling and the page.
//!
//! | module | what it holds |
//! |---|---|
//! | `api` | the API, one module a resource |
//! | `signalling` | offers and candidates, one module a protocol |
//! | `page` | the page and the browser client |
//! | `routes` | routes, each with its rule and its documented operation |
//! | `auth_layer` | middleware: authentication and authorization |
//! | `host`, `cross_site` | requests for other hosts, and of pages of other sites |
//! | `overflow` | requests on connections beyond the caps |
//! | `security_headers` | headers of every response |
//! | `range` | parts of a file that a request asks for |
//! | `requester`, `visitor` | who asks for a session, and for a stream |
//! | `change` | changes of the catalog: quotas, and the audit of refusals |
//! | `openapi`, `operation` | the document of the API, made from the routes |
//! | `problem`, `catalog_problem`, `framework_errors` | errors as problem details |
//! | `json_object`, `request_body` | bodies of requests |
//! | `link` | STUN and TURN servers as `Link` headers |

mod api;
mod auth_layer;
#[cfg(test)]
mod auth_layer_tests;
mod catalog_problem;
mod change;
#[cfg(test)]
mod change_tests;
mod cross_site;
mod framework_errors;
mod host;
mod json_object;
mod link;
mod openapi;
mod operation;
mod overflow;
mod page;
mod problem;
mod range;
mod request_body;
mod requester;
mod routes;
mod security_headers;
mod signalling;
#[cfg(test)]
mod test_client;
mod visitor;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use framebox_auth::Auth;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;

use crate::app::App;
use auth_layer::AuthLayer;
use openapi::Document;
use problem::Problem;
use routes::Routes;

pub use change::Changes;
pub use host::{LocalAddress, Names};
pub use overflow::Overflow;

/// Largest body of a request other than an upload, bytes.
const MAX_BODY: usize = 256 * 1024;

/// Time for which browsers remember what pages of other origins may do: asking costs them a round trip.
const PREFLIGHT: Duration = Duration::from_secs(7200);

/// Builds the router of the API, signalling and the page. `changes` runs changes of the catalog. Pages from `origins` may use the
/// API, too. `names` has the names and origins of the configuration.
pub fn router(app: Arc<App>, auth: Arc<Auth>, changes: Arc<Changes>, origins: &[HeaderValue], names: Names) -> Router {
    let names = Arc::new(names);
    let cors = CorsLayer::new()
        .allow_origin(origins.to_vec())
        // `OPTIONS` of a page itself: clients of WHIP ask what an address takes.
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS])
        .allow_headers([
            header::CONTENT_TYPE,
            header::AUTHORIZATION,
            HeaderName::from_static("upload-id"),
            requester::SESSION_SECRET,
            header::IF_MATCH,
            header::ETAG,
            header::LINK,
        ])
        .max_age(PREFLIGHT)
        .expose_headers([
            requester::SESSION_SECRET,
            header::RETRY_AFTER,
            header::LINK,
            header::LOCATION,
            header::ETAG,
            signalling::resource::ACCEPT_PATCH,
        ]);
    let document = Arc::new(Document::new(auth.clone()));
    let (router, listed) = routes(AuthLayer::new(auth), document.clone()).split();
    document.set(listed);
    router
        .fallback(async || Problem::not_found("there is nothing at this address; the page is at /"))
        .method_not_allowed_fallback(async || Problem::method("this address does not take this method"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(Extension(changes))
        .layer(Extension(signalling::resource::Shared::default()))
        .layer(from_fn(framework_errors::as_problems))
        .layer(from_fn(request_body::limit))
        .layer(from_fn_with_state(names.clone(), cross_site::check))
        .layer(CatchPanicLayer::custom(framework_errors::panicked))
        .layer(cors)
        .layer(from_fn(signalling::resource::describe_options))
        .layer(from_fn_with_state(names, host::check))
        .layer(from_fn(overflow::check))
        .layer(from_fn(security_headers::add))
        .with_state(app)
}

/// Collects every route. `document` describes them.
fn routes(auth_layer: AuthLayer, document: Arc<Document>) -> Routes<Arc<App>> {
    let routes = api::ice::routes(signalling::fastrtc::routes(Routes::new(auth_layer)));
    let routes = api::versions::routes(api::uploads::routes(api::handlers::routes(routes)));
    let routes = api::sessions::routes(api::builds::routes(routes));
    let routes = api::outputs::routes(api::parameters::routes(routes));
    let routes = signalling::viewers::routes(api::streams::routes(routes));
    let routes = api::recordings::routes(api::snapshots::routes(routes));
    let routes = signalling::whep::routes(signalling::whip::routes(routes));
    page::routes(openapi::routes(api::health::routes(routes), document))
}

/// Returns every route, for tests.
#[cfg(test)]
fn routes_without_app() -> Vec<routes::Listed> {
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let auth = Auth::open(None, &[], here).expect("auth without a data directory");
    let auth = Arc::new(auth);
    let document = Arc::new(Document::new(auth.clone()));
    routes(AuthLayer::new(auth), document).split().1
}

//! `GET /handlers`, `GET /handlers/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use framebox_auth::scope::Access;
use framebox_catalog::Summary;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::problem::Problem;
use crate::http::routes::{Routes, Rule};

/// The handlers, in the order in which they are shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Handlers)]
pub struct HandlerList<'a> {
    /// The handlers.
    handlers: Vec<Summary<'a>>,
    /// The handler of an offer that names none.
    default: &'a str,
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    routes
        .serve::<__path_handlers, _>(Rule::new(Access::Token), handlers)
        .serve::<__path_handler, _>(Rule::new(Access::Token), handler)
}

/// Lists the handlers
#[utoipa::path(get, path = "/handlers", tag = "handlers",
    responses((status = 200, description = "In the order in which they are shown", body = HandlerList)))]
async fn handlers(State(app): State<Arc<App>>) -> Response {
    let versions = app.catalog.list();
    let handlers = versions.iter().map(|version| version.summary()).collect();
    Json(HandlerList { handlers, default: app.catalog.default_name() }).into_response()
}

/// Describes a handler
#[utoipa::path(get, path = "/handlers/{name}", tag = "handlers",
    params(("name" = String, Path, description = "Name of the handler")),
    responses(
        (status = 200, description = "The handler's active version", body = Summary),
        (status = 404, description = "There is no such handler"),
    ))]
async fn handler(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Response, Problem> {
    let version = app.catalog.active(&name)?;
    Ok(Json(version.summary()).into_response())
}

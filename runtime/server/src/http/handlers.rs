//! `GET /handlers`, `GET /handlers/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::problem::Problem;
use crate::app::App;
use framebox_catalog::Summary;

/// What `GET /handlers` answers.
#[derive(Serialize)]
pub struct Handlers<'a> {
    handlers: Vec<Summary<'a>>,
    default: &'a str,
}

pub async fn list(State(app): State<Arc<App>>) -> Response {
    let versions = app.catalog.list();
    let handlers = versions.iter().map(|version| version.summary()).collect();
    Json(Handlers { handlers, default: app.catalog.default_name() }).into_response()
}

pub async fn one(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Response, Problem> {
    let version = app.catalog.active(&name)?;
    Ok(Json(version.summary()).into_response())
}

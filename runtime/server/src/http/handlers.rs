//! `GET /handlers`, `GET /handlers/{name}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::problem::Problem;
use crate::app::App;
use crate::catalog::handler_json;

pub async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    Json(app.catalog.json())
}

pub async fn one(State(app): State<Arc<App>>, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    match app.catalog.find(Some(&name)) {
        Some((name, entry)) => Ok(Json(handler_json(name, entry))),
        None => Err(Problem::not_found(format!("there is no handler {name:?}; GET /handlers lists them"))),
    }
}

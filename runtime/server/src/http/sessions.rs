//! `GET /sessions`, `GET /sessions/{id}`, `DELETE /sessions/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::problem::Problem;
use crate::app::App;
use crate::sessions::Live;

pub async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    let sessions: Vec<_> = app.sessions.list().iter().map(|live| live.summary()).collect();
    Json(json!({ "sessions": sessions, "limit": app.sessions.limit() }))
}

pub async fn one(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    find(&app, &id).map(|live| Json(live.stats()))
}

pub async fn end(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    find(&app, &id)?.stop();
    Ok(StatusCode::NO_CONTENT)
}

fn find(app: &App, id: &str) -> Result<Arc<Live>, Problem> {
    app.sessions.find(id).ok_or_else(|| {
        Problem::not_found(format!("there is no session {id:?}; it may have ended. GET /sessions lists them"))
    })
}

//! `GET /sessions`, `GET`, `PATCH` and `DELETE /sessions/{id}`, `GET /sessions/{id}/frames`, `GET /sessions/{id}/log`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::object::{Object, Wrong};
use super::problem::Problem;
use crate::app::App;
use crate::protocol::{LogExcerpt, PolicyChange, SessionReport};
use crate::sessions::ActiveSession;

/// What of a log or of the frames is asked for.
#[derive(Deserialize)]
pub struct After {
    /// What comes after that number.
    #[serde(default)]
    after: u64,
}

pub async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    let sessions: Vec<_> = app.sessions.list().iter().map(|live| live.summary()).collect();
    Json(json!({ "sessions": sessions, "limit": app.sessions.limit() }))
}

pub async fn one(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<SessionReport>, Problem> {
    find(&app, &id)?.report().map(Json).ok_or_else(|| gone(&id))
}

/// Changes the policy of a session.
pub async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Result<Object<PolicyChange>, Wrong>,
) -> Result<Json<SessionReport>, Problem> {
    let live = find(&app, &id)?;
    let hint = "give an object with `policy` (latest, adaptive, never), `unprocessed` (hold, passthrough), or both";
    let Object(choice) = body.map_err(|wrong| wrong.problem(hint))?;
    live.bridge().set_policy(choice);
    Ok(Json(live.report().ok_or_else(|| gone(&id))?))
}

/// The recent frames, a row each.
pub async fn frames(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    query: Result<Query<After>, QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let Query(After { after }) = query.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let session = find(&app, &id)?.bridge().session();
    let (rows, next) = session.map(|session| session.frames(after)).unwrap_or_default();
    Ok(Json(json!({ "frames": rows, "next": next })))
}

pub async fn end(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    match find(&app, &id) {
        Ok(live) => live.stop(),
        // It ended by itself a short while ago, which is what was wanted.
        Err(_) if app.sessions.log(&id).is_some() => {}
        Err(problem) => return Err(problem),
    }
    Ok(StatusCode::NO_CONTENT)
}

pub async fn log(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    query: Result<Query<After>, QueryRejection>,
) -> Result<Json<LogExcerpt>, Problem> {
    let Query(After { after }) = query.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    app.sessions.log(&id).map(|journal| Json(journal.read(after))).ok_or_else(|| gone(&id))
}

/// The session `id`, or the text that there is none.
pub fn find(app: &App, id: &str) -> Result<Arc<ActiveSession>, Problem> {
    app.sessions.find(id).ok_or_else(|| gone(id))
}

fn gone(id: &str) -> Problem {
    Problem::not_found(format!("there is no session {id:?}; it may have ended. GET /sessions lists them"))
}

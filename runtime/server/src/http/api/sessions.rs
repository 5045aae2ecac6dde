//! `GET /sessions`, `GET`, `PATCH` and `DELETE /sessions/{id}`, `GET /sessions/{id}/frames`, `GET /sessions/{id}/log`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use framebox_auth::scope::{Access, Scope};
use framebox_pipeline::session::history::Row;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::json_object::{BodyError, JsonObject};
use crate::http::problem::Problem;
use crate::http::requester::SecretHeader;
use crate::http::routes::{Routes, Rule};
use crate::protocol::{LogExcerpt, PolicyChange, SessionReport, SessionSummary};
use crate::sessions::Found;
use crate::sessions::owner::{Proof, Requester};

/// The sessions of this server.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub struct SessionList {
    /// The sessions, the oldest first.
    sessions: Vec<SessionSummary>,
    /// Most sessions at once.
    limit: u32,
}

/// The recent frames of a session.
#[derive(Serialize, ToSchema)]
pub struct Frames {
    /// A row for each frame, the oldest first.
    pub frames: Vec<Row>,
    /// Value of `after` for the next request.
    pub next: u64,
}

/// Where to continue reading.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Continuation {
    /// Only what follows this number: `next` of an earlier answer, or the number of a line.
    #[serde(default)]
    #[param(required = false, format = "uint64")]
    pub after: u64,
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let watch = Rule::new(Access::Scope(Scope::Watch));
    routes
        .serve::<__path_sessions, _>(watch, sessions)
        .serve::<__path_session, _>(watch, session)
        .serve::<__path_change_session, _>(watch, change_session)
        .serve::<__path_end_session, _>(watch, end_session)
        .serve::<__path_frames, _>(watch, frames)
        .serve::<__path_log, _>(watch, log)
}

/// Lists one's own sessions; with the scope `admin`, all
#[utoipa::path(get, path = "/sessions", tag = "sessions",
    params(SecretHeader),
    responses((status = 200, description = "The oldest first", body = SessionList)))]
async fn sessions(State(app): State<Arc<App>>, requester: Requester) -> Json<SessionList> {
    let sessions = app.sessions.list(&requester).iter().map(Found::summary).collect();
    Json(SessionList { sessions, limit: app.sessions.limit() })
}

/// Reports a session with its statistics
#[utoipa::path(get, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "Id of the session"), SecretHeader),
    responses(
        (status = 200, description = "The session", body = SessionReport),
        (status = 404, description = "There is no such session"),
        (status = 410, description = "It is over, and what it held is being freed"),
    ))]
async fn session(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<Json<SessionReport>, Problem> {
    find(&app, &requester, &id)?.report().await.map(Json).ok_or_else(ending)
}

/// Changes which frames a session skips and what it shows for them
#[utoipa::path(patch, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "Id of the session"), SecretHeader),
    request_body = PolicyChange,
    responses(
        (status = 200, description = "The session", body = SessionReport),
        (status = 404, description = "There is no such session"),
        (status = 410, description = "It is over, and what it held is being freed"),
        (status = 422, description = "There is no such policy"),
    ))]
async fn change_session(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
    body: Result<JsonObject<PolicyChange>, BodyError>,
) -> Result<Json<SessionReport>, Problem> {
    let found = find(&app, &requester, &id)?;
    let hint = "give an object with `policy` (latest, adaptive, never), `unprocessed` (hold, passthrough), or both";
    let JsonObject(change) = body.map_err(|error| error.problem(hint))?;
    found.session.control().set_policy(change);
    found.report().await.map(Json).ok_or_else(ending)
}

/// Lists what happened to a session's recent frames
#[utoipa::path(get, path = "/sessions/{id}/frames", tag = "sessions",
    params(("id" = String, Path, description = "Id of the session"), Continuation, SecretHeader),
    responses(
        (status = 200, description = "At most 300 frames, the oldest first", body = Frames),
        (status = 404, description = "There is no such session"),
    ))]
async fn frames(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
    query: Result<Query<Continuation>, QueryRejection>,
) -> Result<Json<Frames>, Problem> {
    let Query(Continuation { after }) = query.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let (frames, next) = match find(&app, &requester, &id)?.session.session() {
        Some(session) => session.frames(after).await,
        None => Default::default(),
    };
    Ok(Json(Frames { frames, next }))
}

/// Ends a session
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "Id of the session"), SecretHeader),
    responses(
        (status = 204, description = "It ends"),
        (status = 404, description = "There is no such session"),
    ))]
async fn end_session(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    match find(&app, &requester, &id) {
        Ok(found) => found.session.stop(),
        // It ended by itself a short while ago: the request is fulfilled.
        Err(_) if app.sessions.log(&id, &requester).is_some() => {}
        Err(problem) => return Err(problem),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Reads the handler's log
#[utoipa::path(get, path = "/sessions/{id}/log", tag = "sessions",
    params(
        ("id" = String, Path, description = "Id of the session, which may have ended a short while ago"),
        Continuation,
        SecretHeader,
    ),
    responses(
        (status = 200, description = "The lines that are kept", body = LogExcerpt),
        (status = 404, description = "There is no such session"),
    ))]
async fn log(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
    query: Result<Query<Continuation>, QueryRejection>,
) -> Result<Json<LogExcerpt>, Problem> {
    let Query(Continuation { after }) = query.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    app.sessions.log(&id, &requester).map(|log| Json(log.read(after))).ok_or_else(|| gone(&id))
}

/// Returns the session `id`, or 404 when there is none that `requester` has access to.
pub fn find(app: &App, requester: &Requester, id: &str) -> Result<Found, Problem> {
    app.sessions.find(id, requester, Proof::Secret).ok_or_else(|| gone(id))
}

/// As [`find`], for the routes that FastRTC's clients know: the id that they chose is their proof.
pub fn find_by_id(app: &App, requester: &Requester, id: &str) -> Result<Found, Problem> {
    app.sessions.find(id, requester, Proof::Id).ok_or_else(|| gone(id))
}

fn ending() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "the session is over, and what it held is being freed; its log can be read for a while",
    )
}

/// The same text whether there is no such session or it is somebody else's.
fn gone(id: &str) -> Problem {
    Problem::not_found(format!(
        "you have no session {id:?}; it may have ended. GET /sessions lists yours; without a token, send the \
         `Session-Secret` that came with the answer to its offer"
    ))
}

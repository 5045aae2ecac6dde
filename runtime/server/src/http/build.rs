//! `POST /handlers/{name}/build`: the state of its author's build, for the handler's viewers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::object::{Object, Wrong};
use super::problem::Problem;
use crate::app::App;
use crate::protocol::{BuildState, Message};

/// Longest message, characters.
const LONGEST: usize = 8192;

/// The report of the author's tool.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    state: BuildState,
    #[serde(default)]
    message: String,
}

/// Sends a report to every session of the handler. It is not stored.
pub async fn report(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    body: Result<Object<Build>, Wrong>,
) -> Result<Json<Value>, Problem> {
    let hint = "give {\"state\": \"running\", \"failed\" or \"done\", \"message\": \"what the compiler said\"}";
    let Object(Build { state, message }) = body.map_err(|wrong| wrong.problem(hint))?;
    if message.chars().count() > LONGEST {
        let detail = format!("`message` is longer than {LONGEST} characters: send its end");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    app.catalog.versions(&name)?;
    let message: String = message.chars().filter(|char| matches!(char, '\n' | '\t') || !char.is_control()).collect();
    let message = Message::Build { state, message: &message };
    let sessions: Vec<_> = app.sessions.list().into_iter().filter(|live| live.handler == name).collect();
    sessions.iter().for_each(|live| live.bridge().tell(&message));
    Ok(Json(json!({ "sessions": sessions.len() })))
}

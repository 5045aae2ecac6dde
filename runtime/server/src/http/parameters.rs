//! `GET` and `PATCH /sessions/{id}/parameters`, and `POST /input_hook` as pages written for FastRTC call it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::object::{Object, Wrong};
use super::problem::Problem;
use super::sessions::find;
use crate::app::App;
use crate::sessions::ActiveSession;

/// Longest wait for a change to hold. A call of the handler may take longer, then the change holds after it.
const PATIENCE: Duration = Duration::from_secs(2);

type Body = Result<Object<Map<String, Value>>, Wrong>;
type Answer = Result<(StatusCode, Json<Value>), Problem>;

pub async fn all(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "parameters": current(&*find(&app, &id)?) })))
}

pub async fn change(State(app): State<Arc<App>>, Path(id): Path<String>, body: Body) -> Answer {
    let live = find(&app, &id)?;
    apply(&live, &object(body)?).await.map(|(status, json)| (status, Json(Value::Object(json))))
}

pub async fn input_hook(State(app): State<Arc<App>>, body: Body) -> Answer {
    let mut inputs = object(body)?;
    let Some(Value::String(id)) = inputs.remove("webrtc_id") else {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "`webrtc_id` is missing: give the id of the connection, and the inputs beside it by their names",
        ));
    };
    let (status, mut json) = apply(&*find(&app, &id)?, &inputs).await?;
    json.insert("status".to_owned(), "success".into());
    Ok((status, Json(Value::Object(json))))
}

fn object(body: Body) -> Result<Map<String, Value>, Problem> {
    let hint = "give a JSON object of values by the ids of parameters";
    body.map(|Object(values)| values).map_err(|wrong| wrong.problem(hint))
}

fn current(live: &ActiveSession) -> Map<String, Value> {
    live.bridge().session().map(|session| session.parameters()).unwrap_or_default()
}

/// Asks for the change and waits until it holds. 202: the handler is still busy with a frame; the change is kept for it.
async fn apply(live: &ActiveSession, asked: &Map<String, Value>) -> Result<(StatusCode, Map<String, Value>), Problem> {
    let answer = live.bridge().ask(asked).map_err(|wrong| {
        let texts: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        let by_id: Map<_, _> = wrong.into_iter().map(|wrong| (wrong.id, wrong.problem.into())).collect();
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("nothing was changed: {}", texts.join("; ")))
            .with("parameters", by_id.into())
    })?;
    let object = |parameters: Map<String, Value>| Map::from_iter([("parameters".to_owned(), parameters.into())]);
    match timeout(PATIENCE, answer).await {
        Ok(Ok(Ok(applied))) => {
            let mut json = object(applied.parameters);
            json.insert("sequence".to_owned(), applied.sequence.into());
            Ok((StatusCode::OK, json))
        }
        Ok(Ok(Err(notice))) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, notice.message)),
        Ok(Err(_)) => Err(Problem::new(StatusCode::GONE, "the session ended before the change was applied")),
        Err(_) => Ok((StatusCode::ACCEPTED, object(current(live)))),
    }
}

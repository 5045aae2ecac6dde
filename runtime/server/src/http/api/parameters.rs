//! `GET` and `PATCH /sessions/{id}/parameters`, and `POST /input_hook` for pages written for FastRTC.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use framebox_auth::scope::{Access, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::sessions::{find, find_by_id};
use crate::app::App;
use crate::http::json_object::{BodyError, JsonObject};
use crate::http::problem::Problem;
use crate::http::requester::SecretHeader;
use crate::http::routes::{Routes, Rule};
use crate::sessions::ActiveSession;
use crate::sessions::owner::Requester;

/// Longest wait for a change to be applied. A call of the handler may take longer; the change then applies after it.
const MAX_WAIT: Duration = Duration::from_secs(2);

type Body<T> = Result<JsonObject<T>, BodyError>;
type Answer = Result<(StatusCode, Json<AppliedParameters>), Problem>;

/// The parameters of a session.
#[derive(Serialize, ToSchema)]
pub struct Parameters {
    /// Values of all parameters, by id.
    parameters: Map<String, Value>,
}

impl Parameters {
    /// These values.
    pub fn new(parameters: Map<String, Value>) -> Self {
        Self { parameters }
    }
}

/// The parameters of a session after a change.
#[derive(Serialize, ToSchema)]
#[schema(as = Applied)]
pub struct AppliedParameters {
    /// Values of all parameters, by id.
    parameters: Map<String, Value>,
    /// The first frame to which they apply; absent when the change waits for a handler that is still busy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sequence: Option<u64>,
    /// `success`, for FastRTC's pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>)]
    status: Option<&'static str>,
}

/// The inputs of a page written for FastRTC.
#[derive(Deserialize, ToSchema)]
pub struct InputHook {
    /// Id of the session.
    #[serde(default)]
    #[schema(required, value_type = String)]
    webrtc_id: Value,
    /// Values by the ids of parameters.
    #[serde(flatten)]
    inputs: Map<String, Value>,
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let watch = Rule::new(Access::Scope(Scope::Watch));
    routes
        .serve::<__path_parameters, _>(watch, parameters)
        .serve::<__path_set_parameters, _>(watch, set_parameters)
        .serve::<__path_input_hook, _>(watch, input_hook)
}

/// Reads the values of a session's parameters
#[utoipa::path(get, path = "/sessions/{id}/parameters", tag = "sessions",
    params(("id" = String, Path, description = "Id of the session"), SecretHeader),
    responses(
        (status = 200, description = "All values", body = Parameters),
        (status = 404, description = "There is no such session"),
    ))]
async fn parameters(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
) -> Result<Json<Parameters>, Problem> {
    Ok(Json(Parameters { parameters: current(&find(&app, &requester, &id)?.session) }))
}

/// Sets parameters: all that are given, or none
#[utoipa::path(patch, path = "/sessions/{id}/parameters", tag = "sessions",
    params(("id" = String, Path, description = "Id of the session"), SecretHeader),
    request_body(content = Object, description = "Values by id"),
    responses(
        (status = 200, description = "They apply from a frame on", body = AppliedParameters),
        (status = 202, description = "They apply once the handler is done with a frame", body = AppliedParameters),
        (status = 404, description = "There is no such session"),
        (status = 410, description = "The session ended first"),
        (status = 422, description = "A value is invalid; nothing was changed"),
    ))]
async fn set_parameters(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
    body: Body<Map<String, Value>>,
) -> Answer {
    let found = find(&app, &requester, &id)?;
    apply(&found.session, &object(body)?, None).await
}

/// Sets parameters as FastRTC's pages do
#[utoipa::path(post, path = "/input_hook", tag = "fastrtc",
    params(SecretHeader),
    request_body(content = InputHook, description = "`webrtc_id`, and values by id beside it"),
    responses(
        (status = 200, description = "They apply from a frame on", body = AppliedParameters),
        (status = 202, description = "They apply once the handler is done with a frame", body = AppliedParameters),
        (status = 404, description = "There is no such session"),
        (status = 410, description = "The session ended first"),
        (status = 422, description = "A value is invalid, or `webrtc_id` is missing; nothing was changed"),
    ))]
async fn input_hook(State(app): State<Arc<App>>, requester: Requester, body: Body<InputHook>) -> Answer {
    let InputHook { webrtc_id: Value::String(id), inputs } = object(body)? else {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "`webrtc_id` is missing: give the id of the connection, and the inputs beside it by their names",
        ));
    };
    apply(&find_by_id(&app, &requester, &id)?.session, &inputs, Some("success")).await
}

/// The object of a body.
pub(super) fn object<T>(body: Body<T>) -> Result<T, Problem> {
    let hint = "give a JSON object of values by the ids of parameters";
    body.map(|JsonObject(object)| object).map_err(|error| error.problem(hint))
}

fn current(active: &ActiveSession) -> Map<String, Value> {
    active.session().map(|session| session.parameters()).unwrap_or_default()
}

/// Requests the change and waits until it applies. 202: the handler is still busy with a frame, the change is kept for it.
/// Applies values between two frames of a session.
pub(super) async fn apply(active: &ActiveSession, values: &Map<String, Value>, status: Option<&'static str>) -> Answer {
    let answer = active.control().ask(values).map_err(|wrong| {
        let texts: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        let by_id: BTreeMap<_, _> = wrong.into_iter().map(|wrong| (wrong.id, wrong.problem)).collect();
        let detail = format!("nothing was changed: {}", texts.join("; "));
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail).parameters(by_id)
    })?;
    match timeout(MAX_WAIT, answer).await {
        Ok(Ok(Ok(applied))) => {
            let (parameters, sequence) = (applied.parameters, Some(applied.sequence));
            Ok((StatusCode::OK, Json(AppliedParameters { parameters, sequence, status })))
        }
        Ok(Ok(Err(notice))) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, notice.message)),
        Ok(Err(_)) => Err(Problem::new(StatusCode::GONE, "the session ended before the change was applied")),
        Err(_) => {
            let parameters = current(active);
            Ok((StatusCode::ACCEPTED, Json(AppliedParameters { parameters, sequence: None, status })))
        }
    }
}

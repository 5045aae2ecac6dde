//! `GET` and `POST /streams`, `GET`, `PATCH` and `DELETE /streams/{name}`, and what is read of a stream's session.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use framebox_auth::scope::{Access, Scope};
use framebox_pipeline::schedule::frame_clock::RATES;
use framebox_pipeline::{Skipping, Unprocessed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::ice::{self, Ice};
use super::outputs;
use super::parameters::{self, AppliedParameters, Parameters};
use super::sessions::{Continuation, Frames};
use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::json_object::{BodyError, JsonObject};
use crate::http::problem::Problem;
use crate::http::requester::{SecretHeader, SecretQuery};
use crate::http::routes::{Routes, Rule};
use crate::http::signalling::fastrtc::secret_header;
use crate::http::visitor::{refused, token_needed};
use crate::protocol::LogExcerpt;
use crate::sessions::owner::{Owner, Proof};
use crate::streams::{self, Audience, Change, Control, Input, Report, Settings, Stream, Streams, Summary, Visitor};

/// The streams that the caller may watch.
#[derive(Serialize, ToSchema)]
#[schema(as = Streams)]
pub struct StreamList {
    /// The streams, the oldest first.
    streams: Vec<Summary>,
}

/// A stream to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStream {
    /// Its name: letters, digits, `-`, `_` and `.`, at most 64; absent: a random one.
    name: Option<String>,
    /// For people, at most 120 characters.
    #[serde(default)]
    title: String,
    /// Name of the handler; absent: the default one, or that of the session.
    handler: Option<String>,
    /// Where its frames come from.
    input: NewInput,
    /// Values of parameters, by id.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// Rate of a generator, frames a second.
    fps: Option<f32>,
    /// Which frames are skipped.
    policy: Option<Skipping>,
    /// What is shown for a frame without a result.
    unprocessed: Option<Unprocessed>,
    /// Who may watch it.
    #[serde(default)]
    watch: Audience,
    /// Who may change its parameters.
    #[serde(default)]
    control: Control,
    /// How long it outlives its publisher, s.
    away_s: Option<u64>,
}

/// Where the frames of a new stream come from. Addresses are the operator's: they are in the configuration file only.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum NewInput {
    /// Whoever publishes into it.
    Publish,
    /// The handler makes them.
    Clock,
    /// A round trip that runs, by its `webrtc_id`: others see what its author sees.
    Session(String),
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let (anyone, watch) = (Rule::new(Access::Anyone), Rule::new(Access::Scope(Scope::Watch)));
    routes
        .serve::<__path_list_streams, _>(anyone, list_streams)
        .serve::<__path_create_stream, _>(watch, create_stream)
        .serve::<__path_stream, _>(anyone, stream)
        .serve::<__path_change_stream, _>(anyone, change_stream)
        .serve::<__path_end_stream, _>(anyone, end_stream)
        .serve::<__path_stream_ice, _>(anyone, stream_ice)
        .serve::<__path_stream_frames, _>(anyone, stream_frames)
        .serve::<__path_stream_log, _>(anyone, stream_log)
        .serve::<__path_stream_parameters, _>(anyone, stream_parameters)
        .serve::<__path_set_stream_parameters, _>(anyone, set_stream_parameters)
        .serve::<__path_stream_outputs, _>(anyone.streams(), stream_outputs)
}

/// Lists the streams that the caller may watch
#[utoipa::path(get, path = "/streams", tag = "streams",
    params(SecretHeader),
    responses((status = 200, description = "The oldest first", body = StreamList)))]
async fn list_streams(State(app): State<Arc<App>>, visitor: Visitor) -> Json<StreamList> {
    Json(StreamList { streams: app.streams.list(&visitor) })
}

/// Makes a stream
#[utoipa::path(post, path = "/streams", tag = "streams",
    params(SecretHeader),
    request_body = NewStream,
    responses(
        (status = 201, description = "The stream", body = Report, headers(
            ("location" = String, description = "Its address"),
            ("session-secret" = Option<String>, description = "To an anonymous client: what later requests for the stream carry"))),
        (status = 404, description = "There is no such handler, or no such session of the caller's"),
        (status = 409, description = "The name is taken"),
        (status = 422, description = "Something that was asked for is wrong"),
        (status = 429, description = "The client has as many streams as it may"),
        (status = 500, description = "The handler could not be loaded"),
        (status = 503, description = "There are as many streams as there may be"),
    ))]
async fn create_stream(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    visitor: Visitor,
    body: Result<JsonObject<NewStream>, BodyError>,
) -> Result<Response, Problem> {
    let hint =
        "give an object with `input` (`publish`, `clock` or {\"session\": id}), and perhaps `name` and `handler`";
    let JsonObject(new) = body.map_err(|error| error.problem(hint))?;
    let NewStream { name, title, handler, input, parameters, fps, policy, unprocessed, watch, control, away_s } = new;
    if fps.is_some_and(|fps| !RATES.contains(&fps)) {
        let text = format!("`fps` must be from {} to {}", RATES.start(), RATES.end());
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text));
    }
    let (input, handler, owner, secret) = match input {
        NewInput::Session(id) => {
            let owned = app.sessions.find_owned(&id, &visitor.requester, Proof::Secret);
            let (found, owner) = owned.ok_or_else(|| {
                Problem::not_found(format!(
                    "you have no session {id:?} that could be published; GET /sessions lists yours"
                ))
            })?;
            // Its author's secret is the stream's, too.
            (Input::Session(id), Some(found.session.handler.clone()), owner, None)
        }
        NewInput::Publish | NewInput::Clock => {
            let made = Owner::new(caller.key());
            let (owner, secret) = made.map_err(|error| {
                tracing::error!(%error, "no secret can be made");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the server failed; its log says why")
            })?;
            let input = if matches!(input, NewInput::Clock) { Input::Clock } else { Input::Publish };
            (input, handler, owner, secret)
        }
    };
    let mut settings = Settings { parameters, fps, ..Settings::new(input, handler) };
    let (title, watch, control) = (Some(title), Some(watch), Some(control));
    let change = Change { title, policy, unprocessed, watch, control, away_s, parameters: None };
    settings.change(&change).map_err(refused)?;
    let stream = app.streams.create(name.as_deref(), owner, settings).await.map_err(refused)?;
    let location = HeaderValue::try_from(format!("/streams/{}", stream.name));
    let mut report = stream.report(&visitor).await;
    // The secret is on its way: it is the caller's.
    report.summary.own = true;
    report.summary.may_control = true;
    let mut response = (StatusCode::CREATED, secret_header(secret), Json(report)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Reports a stream with its session
#[utoipa::path(get, path = "/streams/{name}", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    responses(
        (status = 200, description = "The stream", body = Report),
        (status = 404, description = "There is no such stream for the caller"),
    ))]
async fn stream(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Json<Report>, Problem> {
    Ok(Json(find(&app, &visitor, &name)?.report(&visitor).await))
}

/// Changes a stream: its parameters, its policy, and who may do what
///
/// Whoever may control the stream may change parameters; everything else is its owner's.
#[utoipa::path(patch, path = "/streams/{name}", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    request_body = Change,
    responses(
        (status = 200, description = "The stream", body = Report),
        (status = 404, description = "There is no such stream for the caller"),
        (status = 422, description = "Something that was asked for is wrong; nothing was changed"),
    ))]
async fn change_stream(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    body: Result<JsonObject<Change>, BodyError>,
) -> Result<Json<Report>, Problem> {
    let stream = find(&app, &visitor, &name)?;
    let JsonObject(change) = body.map_err(|error| error.problem("give an object with what to change"))?;
    let is_of_owner = change != Change { parameters: change.parameters.clone(), ..Change::default() };
    if is_of_owner && !stream.is_owned_by(&visitor) || !stream.may_control(&visitor) {
        return Err(not_yours());
    }
    stream.change(&change).map_err(refused)?;
    Ok(Json(stream.report(&visitor).await))
}

/// Ends a stream
#[utoipa::path(delete, path = "/streams/{name}", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    responses(
        (status = 204, description = "It ends; a round trip that was published goes on"),
        (status = 404, description = "There is no such stream for the caller"),
    ))]
async fn end_stream(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let stream = find(&app, &visitor, &name)?;
    if !stream.is_owned_by(&visitor) {
        return Err(not_yours());
    }
    stream.stop();
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the STUN and TURN servers for those who watch a stream
#[utoipa::path(get, path = "/streams/{name}/ice", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    responses(
        (status = 200, description = "The servers", body = Ice),
        (status = 404, description = "There is no such stream for the caller"),
    ))]
async fn stream_ice(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<([(HeaderName, &'static str); 1], Json<Ice>), Problem> {
    find(&app, &visitor, &name)?;
    Ok(ice::of_client(&app, &caller))
}

/// Lists what happened to a stream's recent frames
#[utoipa::path(get, path = "/streams/{name}/frames", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), Continuation, SecretHeader),
    responses(
        (status = 200, description = "At most 300 frames, the oldest first", body = Frames),
        (status = 404, description = "There is no such stream for the caller"),
    ))]
async fn stream_frames(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    query: Result<Query<Continuation>, QueryRejection>,
) -> Result<Json<Frames>, Problem> {
    let Query(Continuation { after }) = query.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let active = find(&app, &visitor, &name)?.session();
    let (frames, next) = match active.and_then(|active| active.session()) {
        Some(session) => session.frames(after).await,
        None => Default::default(),
    };
    Ok(Json(Frames { frames, next }))
}

/// Reads the log of a stream's handler
#[utoipa::path(get, path = "/streams/{name}/log", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), Continuation, SecretHeader),
    responses(
        (status = 200, description = "The lines that are kept of the session that runs", body = LogExcerpt),
        (status = 404, description = "There is no such stream for the caller"),
        (status = 409, description = "It has no session at this moment"),
    ))]
async fn stream_log(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    query: Result<Query<Continuation>, QueryRejection>,
) -> Result<Json<LogExcerpt>, Problem> {
    let Query(Continuation { after }) = query.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let active = find(&app, &visitor, &name)?.session().ok_or_else(|| not_live(&name))?;
    Ok(Json(active.control().log().read(after)))
}

/// Reads the values of a stream's parameters
#[utoipa::path(get, path = "/streams/{name}/parameters", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    responses(
        (status = 200, description = "All values", body = Parameters),
        (status = 404, description = "There is no such stream for the caller"),
    ))]
async fn stream_parameters(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Json<Parameters>, Problem> {
    Ok(Json(Parameters::new(Streams::parameters(&*find(&app, &visitor, &name)?))))
}

/// Sets parameters of a stream: all that are given, or none
#[utoipa::path(patch, path = "/streams/{name}/parameters", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    request_body(content = Object, description = "Values by id"),
    responses(
        (status = 200, description = "They apply from a frame on", body = AppliedParameters),
        (status = 202, description = "They apply once the handler is done with a frame", body = AppliedParameters),
        (status = 404, description = "There is no such stream for the caller"),
        (status = 409, description = "It has no session at this moment"),
        (status = 410, description = "The session ended first"),
        (status = 422, description = "A value is invalid; nothing was changed"),
    ))]
async fn set_stream_parameters(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    body: Result<JsonObject<Map<String, Value>>, BodyError>,
) -> Result<(StatusCode, Json<AppliedParameters>), Problem> {
    let stream = find(&app, &visitor, &name)?;
    if !stream.may_control(&visitor) {
        return Err(not_yours());
    }
    let active = stream.session().ok_or_else(|| not_live(&name))?;
    let given = parameters::object(body)?;
    let applied = parameters::apply(&active, &given, None).await?;
    stream.keep(given);
    Ok(applied)
}

/// Streams additional outputs as server-sent events
///
/// As those of a session: events `values`, and at the end of the session `end`.
#[utoipa::path(get, path = "/streams/{name}/outputs", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader, SecretQuery),
    responses(
        (status = 200, description = "The stream of events", body = String, content_type = "text/event-stream"),
        (status = 404, description = "There is no such stream for the caller"),
        (status = 409, description = "It has no session at this moment"),
        (status = 429, description = "It has as many readers as it may"),
    ))]
async fn stream_outputs(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(name): Path<String>,
    secret: Result<Query<SecretQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(secret) = secret.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let visitor = Visitor { requester: secret.or(visitor.requester), ..visitor };
    let active = find(&app, &visitor, &name)?.session().ok_or_else(|| not_live(&name))?;
    outputs::respond(&active, &visitor.requester, outputs::named)
}

/// Returns the stream `name`, or why it is refused to `visitor`.
pub fn find(app: &App, visitor: &Visitor, name: &str) -> Result<Arc<Stream>, Problem> {
    app.streams.find(name, visitor).map_err(|error| token_needed(app, visitor, name).unwrap_or_else(|| refused(error)))
}

/// The answer to somebody who may watch a stream and no more.
pub fn not_yours() -> Problem {
    refused(streams::Error::Forbidden("you may watch this stream; to change it is its owner's"))
}

fn not_live(name: &str) -> Problem {
    refused(streams::Error::NotLive(name.to_owned()))
}

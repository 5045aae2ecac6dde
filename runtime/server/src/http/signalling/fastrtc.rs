//! `POST /webrtc/offer`: signalling as FastRTC's clients do it, offers and trickled candidates in one route.
//!
//! The bodies are FastRTC's; the status codes say what happened.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use framebox_auth::scope::{Access, Scope};
use framebox_auth::token::Secret;
use framebox_pipeline::schedule::frame_clock::RATES;
use framebox_pipeline::{Skipping, Unprocessed};
use framebox_rtc::{self as rtc, Candidate};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::failure::{Failure, FailureBody};
use super::signal::{Signal, SignalType, ice_candidate};
use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::link::link_headers;
use crate::http::problem::ProblemDetails;
use crate::http::requester::{SESSION_SECRET, SecretHeader};
use crate::http::routes::{Routes, Rule};
use crate::sessions::offer;
use crate::sessions::owner::{Owner, Proof, Requester};

/// Longest `webrtc_id`, bytes.
const MAX_ID: usize = 128;

/// The options of an offer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Options {
    /// `name`, `name@3` or `name@sha256:…`; default: the server's choice
    handler: Option<String>,
    /// Frames a second of a generator
    #[param(value_type = Option<f32>, minimum = 1, maximum = 120)]
    fps: Option<String>,
    /// Which frames are skipped; default: the handler's
    #[param(value_type = Option<Skipping>)]
    policy: Option<String>,
    /// What is shown for a frame without a result; default: the handler's
    #[param(value_type = Option<Unprocessed>)]
    unprocessed: Option<String>,
}

impl Options {
    fn parse(self) -> Result<offer::Options, Failure> {
        let invalid = |message| Failure::new(StatusCode::BAD_REQUEST, "invalid_option", message);
        let is_within = |exact| (f64::from(*RATES.start())..=f64::from(*RATES.end())).contains(&exact);
        let fps = match self.fps {
            None => None,
            Some(text) => match (text.parse::<f64>(), text.parse()) {
                // Checked also before it is rounded, which brings 120.00000000000001 to 120.
                (Ok(exact), Ok(fps)) if RATES.contains(&fps) && is_within(exact) => Some(fps),
                _ => {
                    let (least, most) = (RATES.start(), RATES.end());
                    return Err(invalid(format!(
                        "`fps` is {text:?}: frames a second must be a number from {least} to {most}"
                    )));
                }
            },
        };
        let skipping = word("policy", self.policy).map_err(invalid)?;
        let unprocessed = word("unprocessed", self.unprocessed).map_err(invalid)?;
        Ok(offer::Options { handler: self.handler, fps, skipping, unprocessed })
    }
}

/// Parses one of the words that `key` takes.
fn word<T: FromStr<Err: Display>>(key: &str, given: Option<String>) -> Result<Option<T>, String> {
    let parse = |word: String| word.parse().map_err(|error| format!("`{key}` is {word:?}: it {error}"));
    given.map(parse).transpose()
}

/// The answer to an offer or to a candidate.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Signalled {
    /// The answer to an offer.
    Answer {
        /// The answer's SDP.
        sdp: String,
        /// `answer`
        r#type: &'static str,
    },
    /// A candidate was accepted.
    Candidate {
        /// `success`
        status: &'static str,
    },
}

impl Signalled {
    /// A candidate was accepted.
    pub(super) const ACCEPTED: Self = Self::Candidate { status: "success" };
}

/// Adds the routes of this protocol.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    routes.serve::<__path_offer, _>(Rule::new(Access::Scope(Scope::Watch)), offer)
}

/// Answers an offer, or accepts a candidate
#[utoipa::path(post, path = "/webrtc/offer", tag = "fastrtc",
    params(Options, SecretHeader),
    request_body = Signal,
    responses(
        (status = 200, description = "The answer's SDP, or the candidate was accepted", body = Signalled,
            headers(
                ("session-secret" = Option<String>, description = "To an anonymous client's offer: what later requests for the session carry"),
                ("link" = Option<String>, description = "To an offer, one for each STUN and TURN server that the client may use: `<turn:…>; rel=\"ice-server\"; …` (RFC 9725 section 4.6)"))),
        (status = 400, description = "The offer, the candidate or an option is invalid", body = FailureBody),
        (status = 404, description = "There is no such handler or connection", body = FailureBody),
        (status = 409, description = "There is a session of that id, or one that ends, or is being restarted", body = FailureBody),
        (status = 410, description = "The connection was closed", body = FailureBody),
        (status = 413, description = "The body is too large", body = FailureBody),
        (status = 415, description = "The body is not JSON", body = FailureBody),
        (status = 422, description = "The id of the connection is missing", body = FailureBody),
        (status = 429, description = "The client has as many sessions as it may", body = FailureBody),
        (status = 500, description = "The session could not be started", body = FailureBody),
        (status = 503, description = "The server is at its limit (`Retry-After` says when to try again), or cannot read its tokens",
            content((FailureBody = "application/json"), (ProblemDetails = "application/problem+json"))),
    ))]
async fn offer(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    requester: Requester,
    query: Result<Query<Options>, QueryRejection>,
    body: Result<Json<Value>, JsonRejection>,
) -> Response {
    let answered = async {
        let unreadable = |error: QueryRejection| Failure::new(error.status(), "invalid_option", error.body_text());
        let Query(options) = query.map_err(unreadable)?;
        let Json(body) = body.map_err(|error| Failure::new(error.status(), "invalid_request", error.body_text()))?;
        let options = options.parse()?;
        let signal = Signal::parse(body)?;
        let id = session_id(signal.webrtc_id.as_deref())?;
        match signal.r#type {
            Some(SignalType::Offer) => {
                let is_restart = signal.restart == Some(true);
                answer(&app, (&caller, &requester), (id, is_restart), &options, signal.sdp.as_deref()).await
            }
            Some(SignalType::IceCandidate) => {
                candidate(&app, &requester, id, ice_candidate(signal.candidate)?).await.map(IntoResponse::into_response)
            }
            None => {
                let detail = "`type` must be \"offer\" or \"ice-candidate\"";
                Err(Failure::new(StatusCode::BAD_REQUEST, "invalid_type", detail))
            }
        }
    };
    match answered.await {
        Ok(response) => response,
        Err(failure) => failure.into_response(),
    }
}

/// Checks the id that a client chose for its connection.
pub(super) fn session_id(id: Option<&str>) -> Result<&str, Failure> {
    match id {
        Some(id) if (1..=MAX_ID).contains(&id.len()) && !id.chars().any(char::is_control) => Ok(id),
        _ => Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "missing_webrtc_id",
            format!("`webrtc_id` is missing: give a text of 1 to {MAX_ID} bytes that is unique to the connection"),
        )),
    }
}

async fn answer(
    app: &App,
    (caller, requester): (&Caller, &Requester),
    (id, is_restart): (&str, bool),
    options: &offer::Options,
    sdp: Option<&str>,
) -> Result<Response, Failure> {
    let Some(sdp) = sdp.filter(|sdp| !sdp.trim().is_empty()) else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "invalid_offer", "`sdp` is missing: give the offer's SDP"));
    };
    let limit = app.sessions.limit();
    // A later offer of a session's client restarts ICE. To others the id is taken.
    if let Some(found) = app.sessions.find(id, requester, Proof::Id) {
        let answered = app.answerer.restart(found, sdp).await;
        return answered.map(|sdp| answered_with(app, caller, sdp)).map_err(|error| Failure::of_offer(&error, limit));
    }
    if is_restart {
        let message = "there is no such connection to restart: send an offer of a new one";
        return Err(Failure::new(StatusCode::NOT_FOUND, "unknown_connection", message));
    }
    let (owner, secret) = Owner::new(caller.key()).map_err(|error| Failure::internal(&error))?;
    let most = caller.principal.quota.sessions;
    match app.answerer.answer(id, (owner, most), options, sdp).await {
        // The secret is no member of the body, which is FastRTC's to the letter.
        Ok(sdp) => Ok((secret_header(secret), answered_with(app, caller, sdp)).into_response()),
        Err(error) => Err(Failure::of_offer(&error, limit)),
    }
}

/// The answer to an offer, with the STUN and TURN servers that `caller` may use.
fn answered_with(app: &App, caller: &Caller, sdp: String) -> Response {
    let links = link_headers(&app.ice_servers.of_client(SystemTime::now(), &caller.key()));
    (links, Json(Signalled::Answer { sdp, r#type: "answer" })).into_response()
}

/// The header with the secret of an anonymous client's session.
pub fn secret_header(secret: Option<Secret>) -> HeaderMap {
    let value = secret.and_then(|secret| HeaderValue::from_str(secret.reveal()).ok());
    let headers = value.map(|mut value| {
        value.set_sensitive(true);
        [(SESSION_SECRET, value), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
    });
    headers.into_iter().flatten().collect()
}

async fn candidate(
    app: &App,
    requester: &Requester,
    id: &str,
    candidate: Candidate,
) -> Result<Json<Signalled>, Failure> {
    // Somebody else's session is none: their candidate waits for an offer of their own.
    let Some(found) = app.sessions.find(id, requester, Proof::Id) else {
        return match app.sessions.keep_candidate(&requester.key, id, candidate) {
            true => Ok(Json(Signalled::ACCEPTED)),
            false => Err(Failure::new(
                StatusCode::NOT_FOUND,
                "unknown_connection",
                "there is no such connection, and no room to keep candidates for a later one: send the offer first",
            )),
        };
    };
    let Some(active) = found.active() else { return Err(Failure::closed()) };
    if active.restarts().is_some_and(|restarts| restarts.is_early(&candidate)) {
        // It overtook the offer that restarts ICE. Without room for it, others will do.
        app.sessions.keep_candidate(&requester.key, id, candidate);
        return Ok(Json(Signalled::ACCEPTED));
    }
    let Some(peer) = active.peer() else { return Err(Failure::closed()) };
    match peer.add_candidate(candidate).await {
        Ok(()) => Ok(Json(Signalled::ACCEPTED)),
        Err(rtc::Error::Closed) => Err(Failure::closed()),
        Err(error) => Err(Failure::candidate(error.to_string())),
    }
}

//! `POST /webrtc/offer`: signalling as FastRTC's clients do it, offers and trickled candidates in one route.
//!
//! The bodies are FastRTC's, the status codes tell the truth.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use framebox_pipeline::schedule::frame_clock::RATES;
use serde::Deserialize;
use serde_json::{Value, json};

use super::catalog_problem::status;
use crate::app::App;
use crate::sessions::offer::{Error, Options as Wishes};
use framebox_catalog;
use framebox_rtc::{self as rtc, Candidate};

/// Longest `webrtc_id`, bytes.
const LONGEST_ID: usize = 128;

#[derive(Deserialize)]
pub struct Options {
    handler: Option<String>,
    fps: Option<String>,
    policy: Option<String>,
    unprocessed: Option<String>,
}

impl Options {
    fn wishes(self) -> Result<Wishes, Failure> {
        let wrong = |message| Failure::new(StatusCode::BAD_REQUEST, "invalid_option", message);
        let fps = match self.fps {
            None => None,
            Some(text) => match text.parse() {
                Ok(fps) if RATES.contains(&fps) => Some(fps),
                _ => {
                    let (least, most) = (RATES.start(), RATES.end());
                    return Err(wrong(format!(
                        "`fps` is {text:?}: frames a second must be a number from {least} to {most}"
                    )));
                }
            },
        };
        let skipping = word("policy", self.policy).map_err(wrong)?;
        let unprocessed = word("unprocessed", self.unprocessed).map_err(wrong)?;
        Ok(Wishes { handler: self.handler, fps, skipping, unprocessed })
    }
}

/// One of the words that `key` takes.
fn word<T: FromStr<Err: Display>>(key: &str, given: Option<String>) -> Result<Option<T>, String> {
    let parse = |word: String| word.parse().map_err(|error| format!("`{key}` is {word:?}: it {error}"));
    given.map(parse).transpose()
}

/// What is wrong with a request.
struct Failure {
    status: StatusCode,
    /// FastRTC's word for it, or one of ours.
    error: &'static str,
    message: String,
    limit: Option<u32>,
    /// Seconds after which another try makes sense.
    retry_after: u64,
}

impl Failure {
    fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into(), limit: None, retry_after: 5 }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut meta = json!({ "error": self.error, "message": self.message });
        let mut headers = HeaderMap::new();
        if let Some(limit) = self.limit {
            meta["limit"] = limit.into();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_after));
        }
        (self.status, headers, Json(json!({ "status": "failed", "meta": meta }))).into_response()
    }
}

pub async fn offer(
    State(app): State<Arc<App>>,
    query: Result<Query<Options>, QueryRejection>,
    body: Result<Json<Value>, JsonRejection>,
) -> Response {
    let answered = async {
        let wrong = |error: QueryRejection| Failure::new(error.status(), "invalid_option", error.body_text());
        let Query(options) = query.map_err(wrong)?;
        let Json(body) = body.map_err(|error| Failure::new(error.status(), "invalid_request", error.body_text()))?;
        let wishes = options.wishes()?;
        let id = session_id(&body)?;
        match body["type"].as_str() {
            Some("offer") => answer(&app, id, &wishes, &body).await,
            Some("ice-candidate") => candidate(&app, id, &body["candidate"]).await,
            _ => Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "invalid_type",
                "`type` must be \"offer\" or \"ice-candidate\"",
            )),
        }
    };
    answered.await.unwrap_or_else(Failure::into_response)
}

fn session_id(body: &Value) -> Result<&str, Failure> {
    match body["webrtc_id"].as_str() {
        Some(id) if (1..=LONGEST_ID).contains(&id.len()) && !id.chars().any(char::is_control) => Ok(id),
        _ => Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "missing_webrtc_id",
            format!("`webrtc_id` is missing: give a text of 1 to {LONGEST_ID} bytes that is unique to the connection"),
        )),
    }
}

async fn answer(app: &App, id: &str, wishes: &Wishes, body: &Value) -> Result<Response, Failure> {
    let Some(sdp) = body["sdp"].as_str().filter(|sdp| !sdp.trim().is_empty()) else {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "invalid_offer", "`sdp` is missing: give the offer's SDP"));
    };
    match app.answerer.answer(id, wishes, sdp).await {
        Ok(sdp) => Ok(Json(json!({ "sdp": sdp, "type": "answer" })).into_response()),
        Err(Error::Handler(error)) => Err(no_handler(&error)),
        Err(Error::Exists) => Err(Failure::new(
            StatusCode::CONFLICT,
            "connection_already_exists",
            "this `webrtc_id` is connected already: use another one for each connection",
        )),
        Err(Error::Full) => Err(Failure {
            limit: Some(app.sessions.limit()),
            ..Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "concurrency_limit_reached",
                "the server serves as many sessions as it may: try again later",
            )
        }),
        Err(Error::Overloaded(full)) => Err(Failure {
            limit: Some(app.sessions.limit()),
            retry_after: full.retry_after.as_secs().max(1),
            ..Failure::new(StatusCode::SERVICE_UNAVAILABLE, "concurrency_limit_reached", full.to_string())
        }),
        Err(Error::Peer(rtc::Error::NoPort)) => {
            tracing::warn!("no UDP port is free for media; widen webrtc.first_port and webrtc.last_port");
            Err(Failure {
                limit: Some(app.sessions.limit()),
                ..Failure::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "concurrency_limit_reached",
                    "the server has no port left for media: try again later",
                )
            })
        }
        Err(Error::Peer(rtc::Error::Setup(error))) => Err(internal(&*error)),
        Err(Error::Peer(error)) => Err(Failure::new(StatusCode::BAD_REQUEST, "invalid_offer", error.to_string())),
        Err(Error::Start(error)) => Err(internal(&error)),
    }
}

fn no_handler(error: &framebox_catalog::Error) -> Failure {
    let message = error.to_string();
    match status(error) {
        StatusCode::NOT_FOUND => Failure::new(StatusCode::NOT_FOUND, "unknown_handler", message),
        StatusCode::BAD_REQUEST => Failure::new(StatusCode::BAD_REQUEST, "invalid_option", message),
        _ if matches!(error, framebox_catalog::Error::Damaged { .. }) => {
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "handler_damaged", message)
        }
        _ => internal(error),
    }
}

fn internal(error: &dyn std::error::Error) -> Failure {
    tracing::error!(%error, "a session could not be started");
    let message = "the session could not be started; the server's log says why";
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
}

async fn candidate(app: &App, id: &str, given: &Value) -> Result<Response, Failure> {
    let wrong = |message: String| Failure::new(StatusCode::BAD_REQUEST, "invalid_candidate_format", message);
    let candidate = match given {
        // The end of candidates, as some browsers say it.
        Value::Null => Candidate { candidate: String::new(), sdp_mid: None, sdp_m_line_index: None },
        given => Candidate {
            candidate: given["candidate"]
                .as_str()
                .ok_or_else(|| wrong("`candidate` must be an object with a text `candidate`".into()))?
                .to_owned(),
            sdp_mid: given["sdpMid"].as_str().map(str::to_owned),
            sdp_m_line_index: given["sdpMLineIndex"].as_u64().and_then(|index| index.try_into().ok()),
        },
    };
    let Some(live) = app.sessions.find(id) else {
        return match app.sessions.keep_candidate(id, candidate) {
            true => Ok(success()),
            false => Err(Failure::new(
                StatusCode::NOT_FOUND,
                "unknown_connection",
                "there is no such connection, and no room to keep candidates for one that is to come",
            )),
        };
    };
    let Some(peer) = live.bridge().peer() else {
        return Err(Failure::new(StatusCode::GONE, "connection_closed", "the connection was closed"));
    };
    match peer.add_candidate(candidate).await {
        Ok(()) => Ok(success()),
        Err(rtc::Error::Closed) => {
            Err(Failure::new(StatusCode::GONE, "connection_closed", "the connection was closed"))
        }
        Err(error) => Err(wrong(error.to_string())),
    }
}

fn success() -> Response {
    Json(json!({ "status": "success" })).into_response()
}

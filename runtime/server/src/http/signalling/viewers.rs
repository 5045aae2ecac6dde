//! `POST /streams/{name}/offer`: the offers of those who watch a stream, signalled as those of sessions are.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use framebox_auth::scope::Access;
use framebox_rtc as rtc;
use serde_json::Value;

use super::failure::{Failure, FailureBody};
use super::fastrtc::{Signalled, secret_header, session_id};
use super::signal::{Signal, SignalType, ice_candidate};
use crate::app::App;
use crate::http::auth_layer::Caller;
use crate::http::link::link_headers;
use crate::http::problem::{Problem, ProblemDetails};
use crate::http::requester::SecretHeader;
use crate::http::routes::{Routes, Rule};
use crate::http::visitor::{refused, token_needed};
use crate::sessions::owner::{Owner, Proof};
use crate::streams::Visitor;

/// Adds the routes of this protocol.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let anyone = Rule::new(Access::Anyone);
    routes.serve::<__path_watch, _>(anyone, watch).serve::<__path_leave, _>(anyone, leave)
}

/// Answers the offer of a viewer, or accepts a candidate
#[utoipa::path(post, path = "/streams/{name}/offer", tag = "streams",
    params(("name" = String, Path, description = "Name of the stream"), SecretHeader),
    request_body = Signal,
    responses(
        (status = 200, description = "The answer's SDP, or the candidate was accepted", body = Signalled,
            headers(
                ("session-secret" = Option<String>, description = "To an anonymous client's offer: what later requests for the connection carry"),
                ("link" = Option<String>, description = "To an offer, one for each STUN and TURN server that the client may use"))),
        (status = 400, description = "The offer or the candidate is invalid", body = FailureBody),
        (status = 401, description = "The stream needs a token"),
        (status = 404, description = "There is no such stream or connection for the client", body = FailureBody),
        (status = 409, description = "Nothing is live, or there is a connection of that id", body = FailureBody),
        (status = 410, description = "The connection was closed", body = FailureBody),
        (status = 413, description = "The body is too large", body = FailureBody),
        (status = 415, description = "The body is not JSON", body = FailureBody),
        (status = 422, description = "The id of the connection is missing", body = FailureBody),
        (status = 500, description = "The connection could not be made", body = FailureBody),
        (status = 503, description = "The stream has as many viewers as it may, or the server cannot read its tokens",
            content((FailureBody = "application/json"), (ProblemDetails = "application/problem+json"))),
    ))]
async fn watch(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    visitor: Visitor,
    Path(name): Path<String>,
    body: Result<Json<Value>, JsonRejection>,
) -> Response {
    if let Some(problem) = token_needed(&app, &visitor, &name) {
        return problem.into_response();
    }
    let answered = async {
        let Json(body) = body.map_err(|error| Failure::new(error.status(), "invalid_request", error.body_text()))?;
        let signal = Signal::parse(body)?;
        let id = session_id(signal.webrtc_id.as_deref())?;
        let known = app.streams.connection(id, &visitor.requester, Proof::Id);
        match signal.r#type {
            Some(SignalType::Offer) => {
                let sdp = signal.sdp.as_deref().filter(|sdp| !sdp.trim().is_empty());
                let sdp = sdp.ok_or_else(|| {
                    Failure::new(StatusCode::BAD_REQUEST, "invalid_offer", "`sdp` is missing: give the offer's SDP")
                })?;
                let (secret, answer) = match known {
                    Some(connection) => (None, app.streams.restart(&connection, sdp).await),
                    None if signal.restart == Some(true) => {
                        let message = "there is no such connection to restart: send an offer of a new one";
                        return Err(Failure::new(StatusCode::NOT_FOUND, "unknown_connection", message));
                    }
                    None => {
                        let (owner, secret) = Owner::new(caller.key()).map_err(|error| Failure::internal(&error))?;
                        let connected = app.streams.watch(&name, &visitor, (Some(id), owner), sdp).await;
                        (secret, connected.map(|connected| connected.sdp))
                    }
                };
                let sdp = answer.map_err(|error| Failure::of_stream(&error, app.sessions.limit()))?;
                let links = link_headers(&app.ice_servers.of_client(SystemTime::now(), &caller.key()));
                let answer = Json(Signalled::Answer { sdp, r#type: "answer" });
                Ok((secret_header(secret), links, answer).into_response())
            }
            Some(SignalType::IceCandidate) => {
                let candidate = ice_candidate(signal.candidate)?;
                let peer = known.and_then(|connection| connection.link().peer());
                let message = "there is no such connection: send the offer first";
                let peer = peer.ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, "unknown_connection", message))?;
                match peer.add_candidate(candidate).await {
                    Ok(()) => Ok(Json(Signalled::ACCEPTED).into_response()),
                    Err(rtc::Error::Closed) => Err(Failure::closed()),
                    Err(error) => Err(Failure::candidate(error.to_string())),
                }
            }
            None => {
                let detail = "`type` must be \"offer\" or \"ice-candidate\"";
                Err(Failure::new(StatusCode::BAD_REQUEST, "invalid_type", detail))
            }
        }
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.into_response())
}

/// Ends a viewer's connection
#[utoipa::path(delete, path = "/streams/{name}/viewers/{id}", tag = "streams",
    params(
        ("name" = String, Path, description = "Name of the stream"),
        ("id" = String, Path, description = "The `webrtc_id` of the connection"),
        SecretHeader,
    ),
    responses(
        (status = 204, description = "It ends"),
        (status = 404, description = "There is no such connection"),
    ))]
async fn leave(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let connection = app.streams.connection(&id, &visitor.requester, Proof::Secret);
    let connection = connection.filter(|connection| connection.link().stream == name);
    let connection = connection.ok_or_else(|| refused(crate::streams::Error::Unknown(name)))?;
    connection.link().stop("the viewer left");
    Ok(StatusCode::NO_CONTENT)
}

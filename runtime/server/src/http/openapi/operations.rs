//! Operations on sessions and on the server itself.

// Only their documentation is used.
#![allow(dead_code)]

use super::schemas::*;

/// Answers an offer, or takes a candidate
#[utoipa::path(post, path = "/webrtc/offer", tag = "fastrtc",
    params(
        ("handler" = Option<String>, Query, description = "`name`, `name@3` or `name@sha256:…`; default: the server's choice"),
        ("fps" = Option<f32>, Query, description = "Frames a second of a generator", minimum = 1, maximum = 120),
        ("policy" = Option<Skipping>, Query, description = "Which frames are skipped; default: the handler's"),
        ("unprocessed" = Option<Unprocessed>, Query, description = "What is shown for a frame without a result"),
    ),
    request_body = Signal,
    responses(
        (status = 200, description = "The answer's SDP, or the candidate was taken", body = Signalled),
        (status = 400, description = "The offer, the candidate or an option is wrong", body = Failure),
        (status = 404, description = "There is no such handler or connection", body = Failure),
        (status = 409, description = "There is a session of that id", body = Failure),
        (status = 410, description = "The connection was closed", body = Failure),
        (status = 413, description = "The body is too large", body = Failure),
        (status = 415, description = "The body is no JSON", body = Failure),
        (status = 422, description = "The id of the connection is missing", body = Failure),
        (status = 429, description = "The server carries as many sessions as it can", body = Failure),
        (status = 500, description = "The session could not be started", body = Failure),
        (status = 503, description = "The server is full, or cannot read its tokens", content(
            (Failure = "application/json"), (Problem = "application/problem+json"),
        )),
    ))]
pub fn offer() {}

/// Lists the sessions
#[utoipa::path(get, path = "/sessions", tag = "sessions",
    responses((status = 200, description = "The oldest first", body = Sessions)))]
pub fn sessions() {}

/// A session and its statistics
#[utoipa::path(get, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "The session", body = Session),
        (status = 404, description = "There is no such session"),
    ))]
pub fn session() {}

/// Changes which frames a session skips and what it shows for them
#[utoipa::path(patch, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session")),
    request_body = PolicyChange,
    responses(
        (status = 200, description = "The session", body = Session),
        (status = 404, description = "There is no such session"),
        (status = 422, description = "There is no such policy"),
    ))]
pub fn change_session() {}

/// What became of a session's last frames
#[utoipa::path(get, path = "/sessions/{id}/frames", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session"),
        ("after" = Option<u64>, Query, description = "`next` of an earlier answer: only what came since"),
    ),
    responses(
        (status = 200, description = "At most 300, the oldest first", body = Frames),
        (status = 404, description = "There is no such session"),
    ))]
pub fn frames() {}

/// Ends a session
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 204, description = "It ends"),
        (status = 404, description = "There is no such session"),
    ))]
pub fn end_session() {}

/// Values of a session's parameters
#[utoipa::path(get, path = "/sessions/{id}/parameters", tag = "sessions",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "All values", body = Parameters),
        (status = 404, description = "There is no such session"),
    ))]
pub fn parameters() {}

/// Sets parameters: all that are given, or none
#[utoipa::path(patch, path = "/sessions/{id}/parameters", tag = "sessions",
    params(("id" = String, Path, description = "The session")),
    request_body(content = Object, description = "Values by id"),
    responses(
        (status = 200, description = "They hold from a frame on", body = Applied),
        (status = 202, description = "They hold once the handler is done with a frame", body = Applied),
        (status = 404, description = "There is no such session"),
        (status = 410, description = "The session ended before"),
        (status = 422, description = "A value is wrong; nothing was changed"),
    ))]
pub fn set_parameters() {}

/// Additional outputs as server-sent events
///
/// Events `values` with `{"sequence", "pts_us", "values": {id: value}}`, and at the end `end` with `{"reason"}`.
#[utoipa::path(get, path = "/sessions/{id}/outputs", tag = "sessions",
    params(("id" = String, Path, description = "The session")),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 404, description = "There is no such session"),
        (status = 429, description = "As many read them as may"),
    ))]
pub fn outputs() {}

/// What the handler wrote to its log
#[utoipa::path(get, path = "/sessions/{id}/log", tag = "sessions",
    params(
        ("id" = String, Path, description = "The session; also for a while after its end"),
        ("after" = Option<u64>, Query, description = "Lines after that number"),
    ),
    responses(
        (status = 200, description = "The lines that are kept", body = Log),
        (status = 404, description = "There is no such session"),
    ))]
pub fn log() {}

/// Sets parameters as FastRTC's pages do
#[utoipa::path(post, path = "/input_hook", tag = "fastrtc",
    request_body(content = InputHook, description = "`webrtc_id`, and values by id beside it"),
    responses(
        (status = 200, description = "They hold from a frame on", body = Applied),
        (status = 202, description = "They hold once the handler is done with a frame", body = Applied),
        (status = 404, description = "There is no such session"),
        (status = 410, description = "The session ended before"),
        (status = 422, description = "A value is wrong, or `webrtc_id` is missing; nothing was changed"),
    ))]
pub fn input_hook() {}

/// Additional outputs as FastRTC's pages read them
#[utoipa::path(get, path = "/outputs", tag = "fastrtc",
    params(("webrtc_id" = String, Query, description = "The session")),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 404, description = "There is no such session"),
        (status = 429, description = "As many read them as may"),
    ))]
pub fn fastrtc_outputs() {}

/// Is it up
#[utoipa::path(get, path = "/healthz", tag = "server",
    responses((status = 200, description = "It is", body = Health)))]
pub fn health() {}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub fn document() {}

/// The page
#[utoipa::path(get, path = "/", tag = "server",
    responses((status = 200, description = "HTML", body = String, content_type = "text/html")))]
pub fn page() {}

/// The browser client, an ES module
#[utoipa::path(get, path = "/framebox.js", tag = "server",
    responses((status = 200, description = "The module", body = String, content_type = "text/javascript")))]
pub fn client() {}

/// A part of the browser client, which loads it by itself
#[utoipa::path(get, path = "/client/{file}", tag = "server",
    params(("file" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The module", body = String, content_type = "text/javascript"),
        (status = 404, description = "There is no such file"),
    ))]
pub fn client_part() {}

/// A file of the page
#[utoipa::path(get, path = "/page/{file}", tag = "server",
    params(("file" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/javascript"), (String = "text/css"), (String = "text/html"),
        )),
        (status = 404, description = "There is no such file"),
    ))]
pub fn page_file() {}

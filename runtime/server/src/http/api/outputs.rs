//! Additional outputs as server-sent events: `GET /sessions/{id}/outputs`, and `GET /outputs?webrtc_id=` for pages written
//! for FastRTC.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use framebox_auth::scope::{Access, Scope};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::sessions::{find, find_by_id};
use crate::app::App;
use crate::http::problem::Problem;
use crate::http::requester::{SecretHeader, SecretQuery};
use crate::http::routes::{Routes, Rule};
use crate::sessions::Found;
use crate::sessions::outputs::{Event, MAX_READERS, Reader};
use crate::sessions::owner::Requester;

/// Interval of comments on an idle stream, by which a reader that left is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Whose outputs to read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Connection {
    /// Id of the session.
    webrtc_id: String,
}

/// The last event of a stream.
#[derive(Serialize)]
struct End<'a> {
    reason: &'a str,
}

/// Adds the routes of this resource.
pub fn routes(routes: Routes<Arc<App>>) -> Routes<Arc<App>> {
    let watch = Rule::new(Access::Scope(Scope::Watch)).streams();
    routes.serve::<__path_outputs, _>(watch, outputs).serve::<__path_fastrtc_outputs, _>(watch, fastrtc_outputs)
}

/// Streams additional outputs as server-sent events
///
/// Events `values` with `{"sequence", "pts_us", "values": {id: value}}`, and at the end `end` with `{"reason"}`.
#[utoipa::path(get, path = "/sessions/{id}/outputs", tag = "sessions",
    params(("id" = String, Path, description = "Id of the session"), SecretHeader, SecretQuery),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 404, description = "There is no such session"),
        (status = 429, description = "The session has as many readers as it may"),
    ))]
async fn outputs(
    State(app): State<Arc<App>>,
    requester: Requester,
    Path(id): Path<String>,
    secret: Result<Query<SecretQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(secret) = secret.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    respond(&find(&app, &secret.or(requester), &id)?, |event| {
        let (name, event) = match event {
            Event::Values(batch) => {
                let event = sse::Event::default().id(batch.sequence.to_string());
                ("values", event.json_data(batch.stamped()))
            }
            Event::End(reason) => ("end", sse::Event::default().json_data(End { reason })),
        };
        event.ok().map(|event| event.event(name))
    })
}

/// Streams additional outputs as FastRTC's pages read them
#[utoipa::path(get, path = "/outputs", tag = "fastrtc",
    params(Connection, SecretHeader, SecretQuery),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 404, description = "There is no such session"),
        (status = 429, description = "The session has as many readers as it may"),
    ))]
async fn fastrtc_outputs(
    State(app): State<Arc<App>>,
    requester: Requester,
    query: Result<Query<Connection>, QueryRejection>,
    secret: Result<Query<SecretQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let hint = "give the id of the connection, as in /outputs?webrtc_id=…";
    let Query(Connection { webrtc_id }) =
        query.map_err(|error| Problem::new(error.status(), format!("{}; {hint}", error.body_text())))?;
    let Query(secret) = secret.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    respond(&find_by_id(&app, &secret.or(requester), &webrtc_id)?, |event| match event {
        Event::Values(batch) => {
            let values: BTreeMap<_, _> = batch.values.iter().map(|(id, value)| (id, &**value)).collect();
            sse::Event::default().json_data(values).ok()
        }
        Event::End(_) => None,
    })
}

fn respond(found: &Found, encode: fn(&Event) -> Option<sse::Event>) -> Result<Response, Problem> {
    let reader = found.session.control().outputs().read().ok_or_else(|| {
        let detail = format!("{MAX_READERS} clients read this session's outputs, the most possible: close one of them");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    })?;
    Ok(Sse::new(events(reader, encode)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// Streams everything that `reader` receives, up to the end of the session. Nothing is taken from it before it can be sent.
fn events(
    reader: Reader,
    encode: fn(&Event) -> Option<sse::Event>,
) -> impl Stream<Item = Result<sse::Event, Infallible>> {
    stream::unfold((reader, VecDeque::new(), false), move |(mut reader, mut waiting, mut over)| async move {
        loop {
            if let Some(event) = waiting.pop_front() {
                return Some((Ok(event), (reader, waiting, over)));
            }
            if over {
                return None;
            }
            let events = reader.next().await;
            over = events.iter().any(|event| matches!(event, Event::End(_)));
            waiting.extend(events.iter().filter_map(encode));
        }
    })
}

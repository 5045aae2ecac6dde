//! Additional outputs as server-sent events: `GET /sessions/{id}/outputs`, and `GET /outputs?webrtc_id=` as pages written
//! for FastRTC read them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::json;

use super::problem::Problem;
use super::sessions::find;
use crate::app::App;
use crate::sessions::outputs::{Event, MAX_READERS, Reader};

/// A line of comment goes out when nothing else does, so that whoever left is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Whose outputs.
#[derive(Deserialize)]
pub struct Connection {
    webrtc_id: String,
}

pub async fn stream(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Problem> {
    respond(&app, &id, |event| {
        Some(match event {
            Event::Values(batch) => sse::Event::default()
                .event("values")
                .id(batch.sequence.to_string())
                .json_data(batch.stamped())
                .unwrap_or_default(),
            Event::End(reason) => end(reason),
        })
    })
}

pub async fn fastrtc(
    State(app): State<Arc<App>>,
    query: Result<Query<Connection>, QueryRejection>,
) -> Result<Response, Problem> {
    let hint = "give the id of the connection, as in /outputs?webrtc_id=…";
    let Query(Connection { webrtc_id }) =
        query.map_err(|error| Problem::new(error.status(), format!("{}; {hint}", error.body_text())))?;
    respond(&app, &webrtc_id, |event| match event {
        Event::Values(batch) => {
            let values: serde_json::Map<_, _> =
                batch.values.iter().map(|(id, value)| (id.clone(), (**value).clone())).collect();
            sse::Event::default().json_data(values).ok()
        }
        Event::End(_) => None,
    })
}

fn end(reason: &str) -> sse::Event {
    sse::Event::default().event("end").json_data(json!({ "reason": reason })).unwrap_or_default()
}

fn respond(app: &App, id: &str, form: fn(&Event) -> Option<sse::Event>) -> Result<Response, Problem> {
    let reader = find(app, id)?.bridge().outputs().read().ok_or_else(|| {
        let most = format!("{MAX_READERS} read this session's outputs already, which is as many as may");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, most)
    })?;
    Ok(Sse::new(events(reader, form)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// Everything that `reader` gets, up to the end of the session. Nothing is taken from it before it can be sent.
fn events(
    reader: Reader,
    form: fn(&Event) -> Option<sse::Event>,
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
            waiting.extend(events.iter().filter_map(form));
        }
    })
}

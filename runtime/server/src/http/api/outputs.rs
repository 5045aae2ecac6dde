//! Additional outputs as server-sent events: `GET /sessions/{id}/outputs`, and `GET /outputs?webrtc_id=` for pages written
//! for FastRTC.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use framebox_auth::scope::{Access, Scope};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::sessions::{find, find_by_id};
use crate::app::App;
use crate::http::problem::Problem;
use crate::http::requester::{SecretHeader, SecretQuery};
use crate::http::routes::{Routes, Rule};
use crate::protocol::Batch;
use crate::sessions::ActiveSession;
use crate::sessions::outputs::{Event, MAX_READERS, Reader};
use crate::sessions::owner::Requester;

/// Interval of comments on an idle stream, by which a reader that left is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Length from which a value is sent without copying it, bytes.
const SHARED: usize = 4096;

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
    let requester = secret.or(requester);
    respond(&find(&app, &requester, &id)?.session, &requester, named)
}

/// Events with names, as this server's own clients read them.
pub(super) fn named(event: &Event) -> Vec<Bytes> {
    match event {
        Event::Values(batch) => {
            let Batch { sequence, pts_us, .. } = batch;
            let mut text = Text::default();
            // A write to a string does not fail.
            let _ = write!(
                text.open,
                "event: values\nid: {sequence}\ndata: {{\"sequence\":{sequence},\"pts_us\":{pts_us},\"values\":"
            );
            text.values(batch);
            text.open.push_str("}\n\n");
            text.finish()
        }
        Event::End(reason) => {
            let end = serde_json::to_string(&End { reason }).unwrap_or_default();
            vec![format!("event: end\ndata: {end}\n\n").into()]
        }
    }
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
    let requester = secret.or(requester);
    respond(&find_by_id(&app, &requester, &webrtc_id)?.session, &requester, |event| match event {
        Event::Values(batch) => {
            let mut text = Text::default();
            text.open.push_str("data: ");
            text.values(batch);
            text.open.push_str("\n\n");
            text.finish()
        }
        Event::End(_) => Vec::new(),
    })
}

/// Streams the outputs of a session.
pub(super) fn respond(
    active: &ActiveSession,
    requester: &Requester,
    encode: fn(&Event) -> Vec<Bytes>,
) -> Result<Response, Problem> {
    let reader = active.control().outputs().read(&requester.key).ok_or_else(|| {
        let detail =
            format!("{MAX_READERS} clients read this session's outputs, the most possible: close one of yours");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, detail)
    })?;
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, Body::from_stream(events(reader, encode))).into_response())
}

/// Streams everything that `reader` receives, up to the end of the session. Nothing is taken from it before it can be sent.
fn events(reader: Reader, encode: fn(&Event) -> Vec<Bytes>) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold((reader, VecDeque::new(), false), move |(mut reader, mut waiting, mut over)| async move {
        loop {
            if let Some(bytes) = waiting.pop_front() {
                return Some((Ok(bytes), (reader, waiting, over)));
            }
            if over {
                return None;
            }
            match tokio::time::timeout(KEEP_ALIVE, reader.next()).await {
                Ok(event) => {
                    over = matches!(event, Event::End(_));
                    waiting.extend(encode(&event));
                }
                // A comment.
                Err(_) => waiting.push_back(Bytes::from_static(b":\n\n")),
            }
        }
    })
}

/// An event that is put together: short values are copied, long ones are shared with whoever else sends them.
#[derive(Default)]
struct Text {
    done: Vec<Bytes>,
    open: String,
}

impl Text {
    fn values(&mut self, batch: &Batch) {
        let mut separator = '{';
        for (id, json) in &batch.values {
            // Ids are letters, digits, `-` and `_`.
            let _ = write!(self.open, "{separator}\"{id}\":");
            separator = ',';
            match json.as_str() {
                short if short.len() < SHARED => self.open.push_str(short),
                _ => {
                    self.done.push(std::mem::take(&mut self.open).into());
                    self.done.push(json.bytes());
                }
            }
        }
        self.open.push_str(if separator == '{' { "{}" } else { "}" });
    }

    fn finish(mut self) -> Vec<Bytes> {
        self.done.push(self.open.into());
        self.done
    }
}

#[cfg(test)]
mod tests {
    use framebox_sandbox::{Json, MemoryAccount, OutputValue, Value};

    use super::*;

    #[test]
    fn long_values_are_shared_and_short_ones_copied() {
        let account = MemoryAccount::default();
        let value = |id: &str, text: String| OutputValue {
            id: id.into(),
            json: Json::encode(&Value::Text(text), &account).unwrap(),
        };
        for lengths in [vec![], vec![1], vec![10_000], vec![1, 10_000, 2, 20_000, 3]] {
            let values: Vec<_> =
                lengths.iter().enumerate().map(|(i, length)| value(&format!("v{i}"), "x".repeat(*length))).collect();
            let batch = Batch::new(7, 8, &values);
            let mut text = Text::default();
            text.values(&batch);
            let parts = text.finish();
            let shared = |json: &Json| parts.iter().any(|part| part.as_ptr() == json.as_str().as_ptr());
            for (value, length) in values.iter().zip(&lengths) {
                assert_eq!(shared(&value.json), *length > SHARED);
            }
            let written: serde_json::Value = serde_json::from_slice(&parts.concat()).unwrap();
            assert_eq!(written, serde_json::to_value(&batch.values).unwrap());
        }
    }
}

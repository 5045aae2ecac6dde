//! The messages of the data channel, JSON text each way.
//!
//! The types `log`, `warning`, `error` and `end_stream` are those of FastRTC, so that pages written for it understand
//! them; `message` and `data` both carry the text, since its clients disagree on which to read.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use framebox_pipeline::session::history::Row;
use framebox_pipeline::session::parameters::Applied;
use framebox_pipeline::{Notice, Severity};
use framebox_pipeline::{Policy, Skipping, Unprocessed};
use framebox_sandbox::NamedValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::sessions::journal::Line;
use crate::sessions::outputs::Batch;

/// Largest message from a client that is read, bytes.
const LARGEST: usize = 64 * 1024;

/// What a client says.
#[derive(Debug, PartialEq)]
pub enum Request {
    /// FastRTC's page says so when its channel opens.
    Handshake,
    /// New values of parameters; the answer carries `request`.
    SetParameters {
        /// Values by id.
        parameters: Map<String, Value>,
        /// The client's number for it.
        request: Option<u64>,
    },
    /// Another policy; the answer carries `request`.
    SetPolicy {
        /// What is to change.
        choice: Choice,
        /// The client's number for it.
        request: Option<u64>,
    },
    /// The client wants to be told how the session does.
    Subscribe(Subscription),
}

/// What a client wants to be told beside values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Subscription {
    /// Statistics, every so many milliseconds.
    pub stats_ms: u64,
    /// The lines of the handler's log.
    #[serde(default)]
    pub log: bool,
    /// With the statistics, what became of each frame since the last ones.
    #[serde(default)]
    pub frames: bool,
}

/// What of a session's policy is to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// Which frames are skipped.
    pub policy: Option<Skipping>,
    /// What is shown for a frame without a result.
    pub unprocessed: Option<Unprocessed>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    SetPolicy { policy: Option<Skipping>, unprocessed: Option<Unprocessed>, request: Option<u64> },
    SetParameters { parameters: Map<String, Value>, request: Option<u64> },
    Subscribe(Subscription),
}

/// Understands a client's message; None for what is to be ignored.
pub fn parse(text: &str) -> Option<Request> {
    if text == "handshake" {
        return Some(Request::Handshake);
    }
    if text.len() > LARGEST {
        return None;
    }
    Some(match serde_json::from_str(text).ok()? {
        Message::SetParameters { parameters, request } => Request::SetParameters { parameters, request },
        Message::SetPolicy { policy, unprocessed, request } => {
            Request::SetPolicy { choice: Choice { policy, unprocessed }, request }
        }
        Message::Subscribe(wanted) => {
            Request::Subscribe(Subscription { stats_ms: wanted.stats_ms.clamp(100, 60_000), ..wanted })
        }
    })
}

/// The answer to [`Request::Handshake`], as FastRTC gives it.
pub fn handshake() -> Value {
    json!({ "type": "log", "data": "Server received: handshake" })
}

/// To a client of FastRTC: it may post its inputs.
pub fn send_input() -> Value {
    json!({ "type": "send_input", "data": [] })
}

/// To a client of FastRTC: there are outputs to fetch.
pub fn fetch_output() -> Value {
    json!({ "type": "fetch_output", "data": [] })
}

/// A line of the handler's log.
pub fn log(line: &Line) -> Value {
    let Line { n, at_ms, level, message } = line;
    json!({ "type": "log", "data": message, "level": level, "n": n, "at_ms": at_ms })
}

/// What the session is.
pub fn session(id: &str, handler: Value, parameters: Map<String, Value>) -> Value {
    json!({ "type": "session", "data": { "id": id, "handler": handler, "parameters": parameters } })
}

/// Version `version` of the handler took over from version `from`: the frames from `sequence` on are its own.
pub fn swapped(handler: Value, parameters: Map<String, Value>, from: u64, version: u64, sequence: u64) -> Value {
    json!({
        "type": "swapped",
        "handler": handler,
        "parameters": parameters,
        "from": from,
        "version": version,
        "sequence": sequence,
    })
}

/// Where the build of the next version stands, as its author's tool says.
pub fn build(state: Value, message: &str) -> Value {
    json!({ "type": "build", "state": state, "message": message })
}

/// The statistics of the session, and, for who wants them, the frames since the last ones.
pub fn stats(stats: Value, frames: Option<Vec<Row>>) -> Value {
    let mut message = json!({ "type": "stats", "data": stats });
    if let Some(frames) = frames {
        message["frames"] = json!(frames);
    }
    message
}

/// The policy that holds, as the request of the client's number asked, or somebody else did.
pub fn policy(policy: Policy, request: Option<u64>) -> Value {
    let mut message = json!({ "type": "policy", "policy": policy.skipping, "unprocessed": policy.unprocessed });
    if let Some(request) = request {
        message["request"] = request.into();
    }
    message
}

/// Parameters were applied, as the request of the client's number asked, or somebody else did.
pub fn applied(applied: &Applied, request: Option<u64>) -> Value {
    let Applied { parameters, sequence, .. } = applied;
    let mut message = json!({ "type": "parameters", "parameters": parameters, "sequence": sequence });
    if let Some(request) = request {
        message["request"] = request.into();
    }
    message
}

/// What was put for a frame, as JSON. Bytes are an object of media type and base64.
pub fn batch(sequence: u64, pts_us: i64, values: &[NamedValue]) -> Batch {
    use framebox_sandbox::Value as Of;
    let json = |value: &Of| match value {
        Of::Blob { media_type, data } => json!({ "media_type": media_type, "data": STANDARD.encode(data) }),
        value => value.to_json(),
    };
    let values = values.iter().map(|NamedValue { id, value }| (id.clone(), Arc::new(json(value)))).collect();
    Batch { sequence, pts_us, values }
}

/// The text of the message with the values of one frame.
pub fn values(batch: &Batch) -> String {
    #[derive(Serialize)]
    struct Message<'a> {
        r#type: &'static str,
        #[serde(flatten)]
        stamped: Stamped<'a>,
    }
    serde_json::to_string(&Message { r#type: "values", stamped: stamped(batch) }).unwrap_or_default()
}

/// Values with the frame that they belong to.
#[derive(Serialize)]
pub struct Stamped<'a> {
    sequence: u64,
    pts_us: i64,
    values: BTreeMap<&'a str, &'a Value>,
}

/// As it is sent.
pub fn stamped(batch: &Batch) -> Stamped<'_> {
    let values = batch.values.iter().map(|(id, value)| (id.as_str(), &**value)).collect();
    Stamped { sequence: batch.sequence, pts_us: batch.pts_us, values }
}

/// A warning or an error.
pub fn notice(notice: &Notice) -> Value {
    let kind = match notice.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut message = json!({ "type": kind, "message": notice.message, "data": notice.message, "code": notice.code });
    if let Some(request) = notice.request {
        message["request"] = request.into();
    }
    message
}

/// The stream is over.
pub fn end(reason: &str) -> Value {
    json!({ "type": "end_stream", "data": reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_understood_is_a_request() {
        let set = |request| Request::SetParameters {
            parameters: json!({ "threshold": 40 }).as_object().unwrap().clone(),
            request,
        };
        let subscribe = |stats_ms, log, frames| Some(Request::Subscribe(Subscription { stats_ms, log, frames }));
        for (text, request) in [
            ("handshake", Some(Request::Handshake)),
            (r#"{"type":"set_parameters","parameters":{"threshold":40}}"#, Some(set(None))),
            (r#"{"type":"set_parameters","parameters":{"threshold":40},"request":7}"#, Some(set(Some(7)))),
            (r#"{"type":"subscribe","stats_ms":1}"#, subscribe(100, false, false)),
            (r#"{"type":"subscribe","stats_ms":500,"log":true,"frames":true}"#, subscribe(500, true, true)),
            (r#"{"type":"set_parameters","parameters":[]}"#, None),
            (
                r#"{"type":"set_policy","policy":"adaptive","request":3}"#,
                Some(Request::SetPolicy {
                    choice: Choice { policy: Some(Skipping::Adaptive), unprocessed: None },
                    request: Some(3),
                }),
            ),
            (r#"{"type":"set_policy","policy":"always"}"#, None),
            (r#"{"type":"dance"}"#, None),
            ("[1,2", None),
            ("", None),
        ] {
            assert_eq!(parse(text), request, "{text}");
        }
        assert_eq!(
            parse(&format!("{{\"type\":\"subscribe\",\"stats_ms\":1000,\"x\":\"{}\"}}", "x".repeat(LARGEST))),
            None
        );
    }

    #[test]
    fn messages_have_the_agreed_form() {
        let of = Applied { parameters: Map::new(), sequence: 3, requests: vec![] };
        assert_eq!(applied(&of, None), json!({ "type": "parameters", "parameters": {}, "sequence": 3 }));
        assert_eq!(applied(&of, Some(5))["request"], 5);
        let blob = framebox_sandbox::Value::Blob { media_type: "image/png".into(), data: vec![1, 2, 3] };
        let put = [NamedValue { id: "shot".into(), value: blob }];
        let message: Value = serde_json::from_str(&values(&batch(7, 8, &put))).unwrap();
        let shot = json!({ "media_type": "image/png", "data": "AQID" });
        assert_eq!(message, json!({ "type": "values", "sequence": 7, "pts_us": 8, "values": { "shot": shot } }));
    }
}

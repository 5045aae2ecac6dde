//! The messages of the data channel, JSON text each way.
//!
//! The types `log`, `warning`, `error` and `end_stream` are those of FastRTC, so that pages written for it understand
//! them; `message` and `data` both carry the text, since its clients disagree on which to read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use framebox_pipeline::parameters::Applied;
use framebox_pipeline::{Notice, Severity};
use framebox_sandbox::NamedValue;
use serde::Deserialize;
use serde_json::{Map, Value, json};

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
    /// Statistics are wanted every so many milliseconds.
    Subscribe {
        /// Milliseconds.
        stats_ms: u64,
    },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    SetParameters { parameters: Map<String, Value>, request: Option<u64> },
    Subscribe { stats_ms: u64 },
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
        Message::Subscribe { stats_ms } => Request::Subscribe { stats_ms: stats_ms.clamp(100, 60_000) },
    })
}

/// The answer to [`Request::Handshake`], as FastRTC gives it.
pub fn handshake() -> Value {
    json!({ "type": "log", "data": "Server received: handshake" })
}

/// What the session is.
pub fn session(id: &str, handler: Value, parameters: Map<String, Value>) -> Value {
    json!({ "type": "session", "data": { "id": id, "handler": handler, "parameters": parameters } })
}

/// The statistics of the session.
pub fn stats(stats: Value) -> Value {
    json!({ "type": "stats", "data": stats })
}

/// Parameters were applied: a message for each request, or one without a request.
pub fn applied(applied: Applied) -> Vec<Value> {
    let Applied { parameters, sequence, requests } = applied;
    let message = |request: Option<u64>| {
        let mut message = json!({ "type": "parameters", "parameters": parameters, "sequence": sequence });
        if let Some(request) = request {
            message["request"] = request.into();
        }
        message
    };
    if requests.is_empty() { vec![message(None)] } else { requests.into_iter().map(|id| message(Some(id))).collect() }
}

/// Values of one frame.
pub fn values(sequence: u64, pts_us: i64, values: &[NamedValue]) -> Value {
    use framebox_sandbox::Value as Of;
    let values: Map<String, Value> = values
        .iter()
        .map(|NamedValue { id, value }| {
            let json = match value {
                Of::Blob { media_type, data } => json!({ "media_type": media_type, "data": STANDARD.encode(data) }),
                value => value.to_json(),
            };
            (id.clone(), json)
        })
        .collect();
    json!({ "type": "values", "sequence": sequence, "pts_us": pts_us, "values": values })
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
        for (text, request) in [
            ("handshake", Some(Request::Handshake)),
            (r#"{"type":"set_parameters","parameters":{"threshold":40}}"#, Some(set(None))),
            (r#"{"type":"set_parameters","parameters":{"threshold":40},"request":7}"#, Some(set(Some(7)))),
            (r#"{"type":"subscribe","stats_ms":1}"#, Some(Request::Subscribe { stats_ms: 100 })),
            (r#"{"type":"set_parameters","parameters":[]}"#, None),
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
    fn each_request_is_answered() {
        let of = |requests| Applied { parameters: Map::new(), sequence: 3, requests };
        assert_eq!(applied(of(vec![])), [json!({ "type": "parameters", "parameters": {}, "sequence": 3 })]);
        assert_eq!(applied(of(vec![4, 5])).len(), 2);
        assert_eq!(applied(of(vec![4, 5]))[1]["request"], 5);
    }
}

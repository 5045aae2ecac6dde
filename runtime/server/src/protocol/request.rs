//! What a client sends.

use framebox_pipeline::{Skipping, Unprocessed};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Largest message of a client that is read, bytes.
const MAX_BYTES: usize = 64 * 1024;

/// A client's message.
#[derive(Debug, PartialEq)]
pub enum Request {
    /// FastRTC's page sends it when its channel opens.
    Handshake,
    /// Sets parameters; the answer carries `request`.
    SetParameters {
        /// Values by id.
        parameters: Map<String, Value>,
        /// The client's number for the request.
        request: Option<u64>,
    },
    /// Changes the policy; the answer carries `request`.
    SetPolicy {
        /// What to change.
        change: PolicyChange,
        /// The client's number for the request.
        request: Option<u64>,
    },
    /// Asks for statistics, and optionally the log.
    Subscribe(Subscription),
}

/// What a client wants to receive beside values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Subscription {
    /// Interval of the statistics, ms.
    pub stats_ms: u64,
    /// Whether to send the lines of the handler's log.
    #[serde(default)]
    pub log: bool,
    /// Whether the statistics carry a row for each frame since the last ones.
    #[serde(default)]
    pub frames: bool,
}

/// A change of a session's policy. What is absent or null stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyChange {
    /// Which frames are skipped.
    pub policy: Option<Skipping>,
    /// What is shown for a frame without a result.
    pub unprocessed: Option<Unprocessed>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Wire {
    SetPolicy { policy: Option<Skipping>, unprocessed: Option<Unprocessed>, request: Option<u64> },
    SetParameters { parameters: Map<String, Value>, request: Option<u64> },
    Subscribe(Subscription),
}

/// Parses a client's message; `None` for one to be ignored.
pub fn parse(text: &str) -> Option<Request> {
    if text == "handshake" {
        return Some(Request::Handshake);
    }
    if text.len() > MAX_BYTES {
        return None;
    }
    Some(match serde_json::from_str(text).ok()? {
        Wire::SetParameters { parameters, request } => Request::SetParameters { parameters, request },
        Wire::SetPolicy { policy, unprocessed, request } => {
            Request::SetPolicy { change: PolicyChange { policy, unprocessed }, request }
        }
        Wire::Subscribe(asked) => {
            Request::Subscribe(Subscription { stats_ms: asked.stats_ms.clamp(100, 60_000), ..asked })
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_known_messages_are_requests() {
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
                    change: PolicyChange { policy: Some(Skipping::Adaptive), unprocessed: None },
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
            parse(&format!("{{\"type\":\"subscribe\",\"stats_ms\":1000,\"x\":\"{}\"}}", "x".repeat(MAX_BYTES))),
            None
        );
    }
}

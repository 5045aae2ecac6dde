//! Messages of a client on the data channel.

use framebox_server::protocol::{Request, parse};
use serde_json::{Value, json};

use crate::allocation::{FIXED, within};

/// Largest message that is read, bytes.
const MAX_BYTES: usize = 64 * 1024;
/// Memory that a byte of JSON may take as a tree, bytes.
const TREE: usize = 256;

/// A message is ignored, or it is a request whose numbers are within their bounds and which, written anew, is the same.
pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let Some(request) = within(FIXED + TREE * text.len(), || parse(text)) else { return };
    assert!(text.len() <= MAX_BYTES, "a message of {} bytes is read", text.len());
    let again = match &request {
        Request::Handshake => {
            assert_eq!(text, "handshake");
            return;
        }
        Request::SetParameters { parameters, request } => {
            json!({ "type": "set_parameters", "parameters": parameters, "request": request })
        }
        Request::SetPolicy { change, request } => json!({
            "type": "set_policy",
            "policy": change.policy.map_or(Value::Null, |policy| json!(policy)),
            "unprocessed": change.unprocessed.map_or(Value::Null, |unprocessed| json!(unprocessed)),
            "request": request,
        }),
        Request::Subscribe(subscription) => {
            assert!((100..=60_000).contains(&subscription.stats_ms), "{} ms", subscription.stats_ms);
            json!({ "type": "subscribe", "stats_ms": subscription.stats_ms, "log": subscription.log, "frames": subscription.frames })
        }
    };
    let again = again.to_string();
    if again.len() <= MAX_BYTES {
        assert_eq!(parse(&again), Some(request));
    }
}

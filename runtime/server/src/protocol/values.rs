//! The values that a handler puts beside its pictures, as the data channel and HTTP send them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use framebox_sandbox::NamedValue;
use serde::Serialize;
use serde_json::Value;

/// The values that a handler put for one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Number of the frame.
    pub sequence: u64,
    /// Presentation time of the frame, µs.
    pub pts_us: i64,
    /// Values by id, each as it is sent.
    pub values: BTreeMap<String, Arc<Value>>,
}

/// Bytes as they are sent.
#[derive(Serialize)]
struct Blob<'a> {
    media_type: &'a str,
    /// Base64.
    data: String,
}

impl Batch {
    /// Encodes what a handler put for the frame `sequence`.
    pub fn new(sequence: u64, pts_us: i64, values: &[NamedValue]) -> Self {
        let values = values.iter().map(|NamedValue { id, value }| (id.clone(), Arc::new(encode(value)))).collect();
        Self { sequence, pts_us, values }
    }

    /// Borrows the batch as it is sent.
    pub fn stamped(&self) -> StampedValues<'_> {
        let values = self.values.iter().map(|(id, value)| (id.as_str(), &**value)).collect();
        StampedValues { sequence: self.sequence, pts_us: self.pts_us, values }
    }
}

fn encode(value: &framebox_sandbox::Value) -> Value {
    match value {
        framebox_sandbox::Value::Blob { media_type, data } => {
            let blob = Blob { media_type, data: STANDARD.encode(data) };
            serde_json::to_value(blob).unwrap_or_default()
        }
        value => value.to_json(),
    }
}

/// Values with the frame that they belong to.
#[derive(Debug, Serialize)]
pub struct StampedValues<'a> {
    sequence: u64,
    pts_us: i64,
    values: BTreeMap<&'a str, &'a Value>,
}

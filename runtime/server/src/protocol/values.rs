//! The values that a handler puts beside its pictures, as the data channel and HTTP send them.

use std::collections::BTreeMap;

use framebox_sandbox::{Json, OutputValue};
use serde::Serialize;

/// The values that a handler put for one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Number of the frame.
    pub sequence: u64,
    /// Presentation time of the frame, µs.
    pub pts_us: i64,
    /// Values by id. The text of each is written once, and shared by all who send it.
    pub values: BTreeMap<String, Json>,
}

impl Batch {
    /// Takes what a handler put for the frame `sequence`.
    pub fn new(sequence: u64, pts_us: i64, values: &[OutputValue]) -> Self {
        let values = values.iter().map(|OutputValue { id, json }| (id.clone(), json.clone())).collect();
        Self { sequence, pts_us, values }
    }

    /// Returns the length of the values as they are sent, bytes, without what is around them.
    pub fn text_bytes(&self) -> usize {
        self.values.iter().map(|(id, json)| id.len() + json.as_str().len()).sum()
    }

    /// Borrows the batch as it is sent.
    pub fn stamped(&self) -> StampedValues<'_> {
        StampedValues { sequence: self.sequence, pts_us: self.pts_us, values: &self.values }
    }
}

/// Values with the frame that they belong to.
#[derive(Debug, Serialize)]
pub struct StampedValues<'a> {
    sequence: u64,
    pts_us: i64,
    values: &'a BTreeMap<String, Json>,
}

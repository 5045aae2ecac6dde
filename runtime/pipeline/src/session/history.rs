//! The recent frames of a session, one row each.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::session::cause::Cause;
use crate::session::word::{self, Word};

/// Rows that are kept.
pub const MOST: usize = 300;

/// The outcome of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The handler gave a result, be it one without a picture.
    Processed,
    /// The handler never saw it; the reason says why.
    Skipped,
    /// The handler failed; the reason is the code of the failure.
    Failed,
    /// The handler said that the stream is over.
    Finished,
}

/// One frame. A stage that it did not go through took 0 µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Row {
    /// Counts the frames of the stream from 0.
    pub sequence: u64,
    /// Presentation time, µs.
    pub pts_us: i64,
    /// Its outcome.
    pub outcome: Outcome,
    /// Why it was skipped, or the code of the failure.
    #[serde(deserialize_with = "word::read_optional")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Word>,
    /// Who caused the failure.
    pub cause: Option<Cause>,
    /// Decoding, µs.
    pub decode_us: u64,
    /// Waiting for the handler, or until it was skipped, µs.
    pub wait_us: u64,
    /// The handler's call, µs.
    pub handler_us: u64,
    /// Encoding, µs.
    pub encode_us: u64,
    /// Fuel of the call.
    pub fuel: u64,
}

/// Keeps the last rows, in the order in which all became known of a frame: one that was skipped while an earlier one was
/// being processed or encoded comes before that one.
#[derive(Debug, Default)]
pub struct FrameHistory {
    rows: VecDeque<Row>,
    /// Rows that were ever pushed.
    pushed: u64,
}

impl FrameHistory {
    /// All is known of a frame.
    pub fn push(&mut self, row: Row) {
        if self.rows.len() == MOST {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
        self.pushed += 1;
    }

    /// Returns the rows since `cursor`, as far as they are kept, and the cursor for the next time. 0 is before the first row.
    pub fn since(&self, cursor: u64) -> (Vec<Row>, u64) {
        let missed = usize::try_from(self.pushed.saturating_sub(cursor)).unwrap_or(usize::MAX);
        let rows = self.rows.iter().skip(self.rows.len().saturating_sub(missed)).copied().collect();
        (rows, self.pushed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sequence: u64) -> Row {
        Row {
            sequence,
            pts_us: sequence as i64 * 33_333,
            outcome: Outcome::Skipped,
            reason: Some("busy"),
            cause: None,
            decode_us: 1,
            wait_us: 2,
            handler_us: 0,
            encode_us: 0,
            fuel: 0,
        }
    }

    #[test]
    fn a_reader_gets_each_row_once_and_misses_only_what_is_too_old() {
        let mut history = FrameHistory::default();
        let numbers = |rows: Vec<Row>| rows.iter().map(|row| row.sequence).collect::<Vec<_>>();
        assert_eq!(history.since(0), (vec![], 0));
        (0..5).for_each(|i| history.push(row(i)));
        let (rows, cursor) = history.since(0);
        assert_eq!((numbers(rows), cursor), (vec![0, 1, 2, 3, 4], 5));
        assert_eq!(history.since(cursor), (vec![], 5));
        history.push(row(5));
        assert_eq!(numbers(history.since(cursor).0), [5]);
        (6..1000).for_each(|i| history.push(row(i)));
        let (rows, cursor) = history.since(cursor);
        assert_eq!((rows.len(), rows[0].sequence, cursor), (300, 700, 1000));
        assert_eq!(history.since(u64::MAX), (vec![], 1000), "a cursor from nowhere gets nothing");
    }

    #[test]
    fn rows_are_written_as_the_interface_says() {
        let json = serde_json::json!(row(3));
        let expected = serde_json::json!({
            "sequence": 3, "pts_us": 99_999, "outcome": "skipped", "reason": "busy", "cause": null,
            "decode_us": 1, "wait_us": 2, "handler_us": 0, "encode_us": 0, "fuel": 0,
        });
        assert_eq!(json, expected);
        let processed = Row { outcome: Outcome::Processed, reason: None, ..row(3) };
        assert_eq!(serde_json::json!(processed)["reason"], serde_json::Value::Null);
    }
}

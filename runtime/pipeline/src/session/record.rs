//! What is recorded of one frame that the handler was called for.

use std::time::{Duration, Instant};

use crate::schedule::gate::Ticket;
use crate::session::frame::FrameMetadata;
use crate::session::history::{Outcome, Row};

/// Times of one frame that the handler was called for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) sequence: u64,
    pub(crate) pts: Duration,
    pub(crate) rtp_timestamp: u32,
    pub(crate) captured: Instant,
    pub(crate) decode: Option<Duration>,
    pub(crate) wait: Duration,
    pub(crate) handler: Duration,
    /// None as long as no picture of it was encoded.
    pub(crate) encode: Option<Duration>,
    /// None as long as no packet of it was sent.
    pub(crate) total: Option<Duration>,
    pub(crate) fuel: u64,
}

impl Record {
    /// Of a frame before its call.
    pub(crate) fn new(ticket: &Ticket, metadata: &FrameMetadata) -> Self {
        Self {
            sequence: ticket.sequence,
            pts: ticket.pts,
            rtp_timestamp: metadata.rtp_timestamp,
            captured: metadata.captured,
            decode: metadata.decode,
            wait: ticket.waited,
            handler: Duration::ZERO,
            encode: None,
            total: None,
            fuel: 0,
        }
    }

    /// Its row in the history.
    pub(crate) fn row(&self, outcome: Outcome, reason: Option<&'static str>) -> Row {
        let us = |time: Option<Duration>| time.map_or(0, |time| time.as_micros() as u64);
        Row {
            sequence: self.sequence,
            pts_us: self.pts.as_micros() as i64,
            outcome,
            reason,
            cause: None,
            decode_us: us(self.decode),
            wait_us: us(Some(self.wait)),
            handler_us: us(Some(self.handler)),
            encode_us: us(self.encode),
            fuel: self.fuel,
        }
    }
}

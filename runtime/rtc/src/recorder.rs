//! Records the events of a connection, for the tests of those that report them.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use framebox_media::EncodedFrame;

use crate::{ConnectionEvents, State};

/// An event of a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    State(State),
    Frame(EncodedFrame),
    KeyframeWanted,
    Bitrate(u32),
    Blocked(bool),
    ChannelOpen,
    Message(String),
    Sent(u32),
}

/// The events so far.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// Takes the events since the last call.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

impl ConnectionEvents for Recorder {
    fn state(&self, state: State) {
        self.record(Event::State(state));
    }

    fn frame(&self, frame: EncodedFrame) {
        self.record(Event::Frame(frame));
    }

    fn keyframe_wanted(&self) {
        self.record(Event::KeyframeWanted);
    }

    fn bitrate(&self, bits_per_second: u32) {
        self.record(Event::Bitrate(bits_per_second));
    }

    fn blocked(&self, blocked: bool) {
        self.record(Event::Blocked(blocked));
    }

    fn channel_open(&self) {
        self.record(Event::ChannelOpen);
    }

    fn message(&self, text: String) {
        self.record(Event::Message(text));
    }

    fn sent(&self, rtp_timestamp: u32, _: Instant) {
        self.record(Event::Sent(rtp_timestamp));
    }
}

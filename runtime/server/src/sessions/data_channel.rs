//! Messages on their way to the client.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_rtc::MAX_MESSAGE_BYTES;

use super::ends::Ends;
use crate::protocol::{Batch, Message};

/// Messages kept for a data channel that is not open yet; of more, the oldest are dropped.
const BACKLOG: usize = 64;
/// Shortest time between two messages that tell a FastRTC client to fetch outputs.
const FETCH_INTERVAL: Duration = Duration::from_millis(100);

/// Sends messages on the data channel of a peer.
pub struct DataChannel {
    ends: Arc<Ends>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: bool,
    backlog: VecDeque<String>,
    fastrtc: Option<FastRtc>,
}

/// A client that speaks FastRTC's protocol.
#[derive(Default)]
struct FastRtc {
    /// When it was last told to fetch outputs.
    fetch: Option<Instant>,
}

/// The values of a frame are too large for a data channel, with so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge(pub usize);

impl DataChannel {
    /// Creates the channel to the peer of `ends`.
    pub(super) fn new(ends: Arc<Ends>) -> Self {
        Self { ends, state: Mutex::default() }
    }

    /// The channel is open: sends what has waited for that.
    pub(super) fn open(&self) {
        let backlog = {
            let mut state = self.state();
            state.open = true;
            std::mem::take(&mut state.backlog)
        };
        for text in backlog {
            self.send_text(text);
        }
    }

    /// Sends a message as soon as the channel is open.
    pub fn send(&self, message: &Message<'_>) {
        self.send_text(message.to_text());
    }

    /// Records that the client speaks FastRTC's protocol. True the first time.
    pub(super) fn speaks_fastrtc(&self) -> bool {
        self.state().fastrtc.replace(FastRtc::default()).is_none()
    }

    /// Sends the values of a frame. They are for those who watch: before the channel is open, they are dropped.
    pub(super) fn send_values(&self, now: Instant, batch: &Batch) -> Result<(), TooLarge> {
        let fetch = {
            let mut state = self.state();
            if !state.open {
                return Ok(());
            }
            let due = |at: Instant| now.saturating_duration_since(at) >= FETCH_INTERVAL;
            let due = state.fastrtc.as_mut().filter(|client| client.fetch.is_none_or(due));
            due.map(|client| client.fetch = Some(now)).is_some()
        };
        let text = Message::values(batch).to_text();
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(TooLarge(text.len()));
        }
        self.send_text(text);
        if fetch {
            self.send(&Message::fetch_output());
        }
        Ok(())
    }

    fn send_text(&self, text: String) {
        let mut state = self.state();
        if !state.open {
            if state.backlog.len() == BACKLOG {
                state.backlog.pop_front();
            }
            state.backlog.push_back(text);
        } else if let Some(peer) = self.ends.peer() {
            peer.send_message(text);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

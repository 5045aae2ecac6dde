//! Messages on their way to the client.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_rtc::MAX_MESSAGE_BYTES;
use framebox_sandbox::{Charge, MemoryAccount};

use super::ends::Ends;
use crate::protocol::{Batch, Message};

/// Messages kept for a data channel that is not open yet; of more, the oldest are dropped.
const BACKLOG: usize = 64;
/// Shortest time between two messages that tell a FastRTC client to fetch outputs.
const FETCH_INTERVAL: Duration = Duration::from_millis(100);

/// Sends messages on the data channel of a peer.
pub struct DataChannel {
    ends: Arc<Ends>,
    account: MemoryAccount,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: bool,
    backlog: VecDeque<(String, Charge)>,
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

impl State {
    /// Keeps a message for the time when the channel is open. The oldest make room for it, in number and in memory.
    fn keep(&mut self, text: String, account: &MemoryAccount) {
        if self.backlog.len() == BACKLOG {
            self.backlog.pop_front();
        }
        loop {
            match account.charge(text.len()) {
                Ok(charge) => return self.backlog.push_back((text, charge)),
                Err(error) => {
                    if self.backlog.pop_front().is_none() {
                        tracing::debug!(%error, "a message that waited for the data channel is dropped");
                        return;
                    }
                }
            }
        }
    }
}

impl DataChannel {
    /// Creates the channel to the peer of `ends`. What waits for it is charged to `account`.
    pub fn new(ends: Arc<Ends>, account: &MemoryAccount) -> Self {
        Self { ends, account: account.clone(), state: Mutex::default() }
    }

    /// The channel is open: sends what has waited for that.
    pub fn open(&self) {
        let backlog = {
            let mut state = self.state();
            state.open = true;
            std::mem::take(&mut state.backlog)
        };
        for (text, _) in backlog {
            self.send_text(text);
        }
    }

    /// Sends a message as soon as the channel is open.
    pub fn send(&self, message: &Message<'_>) {
        self.send_text(message.to_text());
    }

    /// Records that the client speaks FastRTC's protocol. True the first time.
    pub fn speaks_fastrtc(&self) -> bool {
        self.state().fastrtc.replace(FastRtc::default()).is_none()
    }

    /// Sends the values of a frame. They are for those who watch: before the channel is open, they are dropped.
    pub fn send_values(&self, now: Instant, batch: &Batch) -> Result<(), TooLarge> {
        let fetch = {
            let mut state = self.state();
            if !state.open {
                return Ok(());
            }
            let due = |at: Instant| now.saturating_duration_since(at) >= FETCH_INTERVAL;
            let due = state.fastrtc.as_mut().filter(|client| client.fetch.is_none_or(due));
            due.map(|client| client.fetch = Some(now)).is_some()
        };
        // Before the text is put together: what is too large for a message costs nothing.
        let bytes = batch.text_bytes();
        if bytes > MAX_MESSAGE_BYTES {
            return Err(TooLarge(bytes));
        }
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

    /// Sends a message that is put together, as soon as the channel is open.
    pub fn send_text(&self, text: String) {
        let mut state = self.state();
        if !state.open {
            state.keep(text, &self.account);
        } else if let Some(peer) = self.ends.peer() {
            peer.send_message(text);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_wait_are_charged_and_the_oldest_make_room() {
        let account = MemoryAccount::new(1000);
        let mut state = State::default();
        for i in 0..200 {
            state.keep(format!("{i:010}"), &account);
            assert!(account.used() <= 10 * BACKLOG);
        }
        assert_eq!((state.backlog.len(), account.used()), (BACKLOG, 10 * BACKLOG));
        state.keep("x".repeat(900), &account);
        assert_eq!((state.backlog.len(), account.used()), (11, 1000));
        assert_eq!(state.backlog[0].0, "0000000190");
        state.keep("x".repeat(1001), &account);
        assert_eq!((state.backlog.len(), account.used()), (0, 0), "what never fits is dropped");
    }
}

//! Decides when a session is over, from the states of its peer. `now` is an argument.

use std::time::{Duration, Instant};

use framebox_rtc::State;

pub use crate::protocol::Phase;

/// Longest time until a peer connects.
pub const HANDSHAKE: Duration = Duration::from_secs(8);
/// Longest time that a peer may be lost.
pub const LOST: Duration = Duration::from_secs(6);

/// Follows the state of a peer.
#[derive(Clone, Copy, Debug)]
pub struct Lifecycle {
    state: State,
    since: Instant,
    was_connected: bool,
}

impl Lifecycle {
    /// Starts with an offer that was just answered.
    pub fn new(now: Instant) -> Self {
        Self { state: State::Connecting, since: now, was_connected: false }
    }

    /// Records a change of the peer's state.
    pub fn peer(&mut self, now: Instant, state: State) {
        // A handshake or a loss is timed from its first state, through further states of the same phase.
        if self.phase_of(state) != self.phase() {
            self.since = now;
        }
        self.was_connected |= state == State::Connected;
        self.state = state;
    }

    /// Returns the phase that the API shows.
    pub fn phase(&self) -> Phase {
        self.phase_of(self.state)
    }

    fn phase_of(&self, state: State) -> Phase {
        match state {
            State::Connected => Phase::Live,
            State::Failed | State::Closed => Phase::Ended,
            State::Connecting | State::Disconnected if self.was_connected => Phase::Lost,
            State::Connecting | State::Disconnected => Phase::Connecting,
        }
    }

    /// Returns why the session is over, if it is.
    pub fn over(&self, now: Instant) -> Option<&'static str> {
        let past = |limit| now.saturating_duration_since(self.since) >= limit;
        match self.phase() {
            Phase::Ended if self.state == State::Failed => {
                Some("the connection failed: it was lost, or the client sent more than one may")
            }
            Phase::Ended => Some("the connection was closed"),
            Phase::Connecting if past(HANDSHAKE) => Some("the peer did not connect in time"),
            Phase::Lost if past(LOST) => Some("the peer is gone"),
            _ => None,
        }
    }

    /// Returns when [`Lifecycle::over`] may next change by time alone.
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase() {
            Phase::Connecting => Some(self.since + HANDSHAKE),
            Phase::Lost => Some(self.since + LOST),
            Phase::Live | Phase::Ended => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_given_up_in_bounded_time() {
        use State::{Closed, Connected, Connecting, Disconnected, Failed};
        let second = Duration::from_secs(1);
        // States by the second at which they begin, and the second at which the session is over.
        type Case = (&'static [(u32, State)], Option<u32>);
        let table: &[Case] = &[
            (&[], Some(8)),
            (&[(1, Connecting), (7, Disconnected)], Some(8)),
            (&[(1, Failed)], Some(1)),
            (&[(1, Connected)], None),
            (&[(1, Connected), (5, Disconnected)], Some(11)),
            (&[(1, Connected), (5, Disconnected), (6, Connecting)], Some(11)),
            (&[(1, Connected), (5, Disconnected), (6, Connected)], None),
            (&[(1, Connected), (5, Closed)], Some(5)),
        ];
        for (states, expected) in table {
            let start = Instant::now();
            let mut life = Lifecycle::new(start);
            let mut over = None;
            for at in 0..30 {
                for (_, state) in states.iter().filter(|(second, _)| *second == at) {
                    life.peer(start + second * at, *state);
                }
                over = over.or(life.over(start + second * at).map(|_| at));
            }
            assert_eq!(over, *expected, "{states:?}");
        }
    }
}

//! Decides when a session is over, from the states of its peer. `now` is an argument.

use std::time::{Duration, Instant};

use framebox_rtc::State;

use super::media_ports::MediaPorts;
pub use crate::protocol::Phase;

/// Longest time until a peer connects.
pub const HANDSHAKE: Duration = Duration::from_secs(8);

/// Follows the state of a peer.
#[derive(Clone, Copy, Debug)]
pub struct Lifecycle {
    state: State,
    since: Instant,
    was_connected: bool,
    /// Whether the connection failed because nothing had come from the peer for long.
    was_silent: bool,
    disconnect_timeout: Duration,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The peer did not connect in time, or its connection failed before it was there.
    NeverConnected,
    /// The connection failed after it was there.
    Failed,
    /// The peer has been silent for the disconnect timeout.
    Gone,
    /// The connection was closed.
    Closed,
}

impl Lifecycle {
    /// Starts with an offer that was just answered. `disconnect_timeout`: longest time that a peer may be disconnected.
    pub fn new(now: Instant, disconnect_timeout: Duration) -> Self {
        Self { state: State::Connecting, since: now, was_connected: false, was_silent: false, disconnect_timeout }
    }

    /// Starts with a session that has no peer of its own, and is over only when it is stopped.
    pub fn without_peer(now: Instant) -> Self {
        Self { state: State::Connected, was_connected: true, ..Self::new(now, Duration::MAX) }
    }

    /// Records a change of the peer's state.
    pub fn peer(&mut self, now: Instant, state: State) {
        // A handshake or a loss is timed from its first state, through further states of the same phase.
        if self.phase_of(state) != self.phase() {
            self.since = now;
        }
        self.was_silent |= state == State::Failed && self.phase() == Phase::Disconnected;
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
            State::Connecting | State::Disconnected if self.was_connected => Phase::Disconnected,
            State::Connecting | State::Disconnected => Phase::Connecting,
        }
    }

    /// Returns why the session is over, if it is.
    pub fn over(&self, now: Instant) -> Option<End> {
        let past = |limit| now.saturating_duration_since(self.since) >= limit;
        match self.phase() {
            Phase::Ended if self.state == State::Closed => Some(End::Closed),
            Phase::Ended if self.was_silent => Some(End::Gone),
            Phase::Ended if self.was_connected => Some(End::Failed),
            Phase::Ended => Some(End::NeverConnected),
            Phase::Connecting if past(HANDSHAKE) => Some(End::NeverConnected),
            Phase::Disconnected if past(self.disconnect_timeout) => Some(End::Gone),
            _ => None,
        }
    }

    /// Returns when [`Lifecycle::over`] may next change by time alone.
    pub fn deadline(&self) -> Option<Instant> {
        match self.phase() {
            Phase::Connecting => Some(self.since + HANDSHAKE),
            Phase::Disconnected => Some(self.since + self.disconnect_timeout),
            Phase::Live | Phase::Ended => None,
        }
    }
}

impl End {
    /// Says it in words. `checks`: connectivity checks of the peer that arrived; `ports`: where it was told to send them.
    pub fn reason(self, checks: u64, ports: Option<&MediaPorts>) -> String {
        let none = MediaPorts::default();
        let ports = ports.unwrap_or(&none);
        match self {
            Self::NeverConnected if checks == 0 => format!(
                "the client did not connect: none of its packets reached {ports}. A firewall or a NAT is in the way: open \
                 the port there, name the address outside in webrtc.public_addresses, or give clients a TURN server in \
                 webrtc.client_ice_servers"
            ),
            Self::NeverConnected => {
                format!(
                    "the client did not connect in time: its packets reached {ports}, but the handshake did not end"
                )
            }
            Self::Failed => "the connection failed: it was lost, or the client sent more than one may".to_owned(),
            Self::Gone => {
                "the client is gone: nothing of it has arrived for as long as webrtc.disconnect_timeout_s allows"
                    .to_owned()
            }
            Self::Closed => "the connection was closed".to_owned(),
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
        type Case = (&'static [(u32, State)], Option<(u32, End)>);
        let table: &[Case] = &[
            (&[], Some((8, End::NeverConnected))),
            (&[(1, Connecting), (7, Disconnected)], Some((8, End::NeverConnected))),
            (&[(1, Failed)], Some((1, End::NeverConnected))),
            (&[(1, Connected)], None),
            (&[(1, Connected), (5, Disconnected)], Some((25, End::Gone))),
            (&[(1, Connected), (5, Disconnected), (6, Connecting)], Some((25, End::Gone))),
            (&[(1, Connected), (5, Disconnected), (24, Connected)], None),
            (&[(1, Connected), (5, Disconnected), (20, Failed)], Some((20, End::Gone))),
            (&[(1, Connected), (5, Failed)], Some((5, End::Failed))),
            (&[(1, Connected), (5, Closed)], Some((5, End::Closed))),
        ];
        for (states, expected) in table {
            let start = Instant::now();
            let mut life = Lifecycle::new(start, 20 * second);
            let mut over = None;
            for at in 0..40 {
                for (_, state) in states.iter().filter(|(second, _)| *second == at) {
                    life.peer(start + second * at, *state);
                }
                over = over.or(life.over(start + second * at).map(|end| (at, end)));
            }
            assert_eq!(over, *expected, "{states:?}");
        }
    }

    #[test]
    fn a_client_that_nothing_came_of_is_told_what_to_open() {
        let ports = MediaPorts::of("a=candidate:1 1 udp 1 192.0.2.1 50000 typ host");
        let silent = End::NeverConnected.reason(0, Some(&ports));
        assert!(silent.contains("UDP port 50000") && silent.contains("client_ice_servers"), "{silent}");
        let heard = End::NeverConnected.reason(3, Some(&ports));
        assert!(heard.contains("handshake") && !heard.contains("firewall"), "{heard}");
    }
}

//! Which of the peer's packets are its video: bound by payload type, and by source as they come. Has no clock: `now` is an argument.
//!
//! What the offer says about sources (`a=ssrc`) is not needed: many peers say nothing, and some change theirs.

use std::time::{Duration, Instant};

/// A source that has been silent for this time while another one sends is replaced by it.
const SILENCE: Duration = Duration::from_millis(200);
/// Time over which the sources that send at once (simulcast) are compared.
const WINDOW: Duration = Duration::from_secs(1);
/// Least time between two changes of the source.
const HOLD: Duration = Duration::from_secs(2);
/// Sources that are compared at the same time.
const MAX_OTHERS: usize = 8;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A packet of the video that is received.
    Video,
    /// The first packet of the video that is received, or of the source that takes its place. Its numbers and times are its own.
    Begins,
    /// A retransmission (RFC 4588).
    Retransmission,
    /// A packet of another source in the same format: a layer that is not taken.
    Other,
    /// Not in the negotiated format.
    Foreign,
}

/// A source in the negotiated format.
#[derive(Clone, Copy, Debug)]
struct Source {
    ssrc: u32,
    last: Instant,
    /// Bytes since the beginning of the window.
    bytes: usize,
}

/// Follows the peer's video.
#[derive(Debug)]
pub struct Selector {
    payload_type: u8,
    retransmission: Option<u8>,
    current: Option<Source>,
    others: Vec<Source>,
    window: Option<Instant>,
    changed: Option<Instant>,
}

impl Selector {
    /// A selector for video of this payload type, and of this one for its retransmissions.
    pub fn new(payload_type: u8, retransmission: Option<u8>) -> Self {
        Self { payload_type, retransmission, current: None, others: Vec::new(), window: None, changed: None }
    }

    /// The source that is received, once there is one.
    pub fn ssrc(&self) -> Option<u32> {
        self.current.map(|current| current.ssrc)
    }

    /// Says what a packet with `bytes` of payload is.
    pub fn classify(&mut self, now: Instant, ssrc: u32, payload_type: u8, bytes: usize) -> Class {
        if Some(payload_type) == self.retransmission {
            return Class::Retransmission;
        }
        if payload_type != self.payload_type {
            return Class::Foreign;
        }
        let source = Source { ssrc, last: now, bytes };
        let Some(current) = &mut self.current else {
            return self.take(now, source);
        };
        if current.ssrc == ssrc {
            current.last = now;
            current.bytes += bytes;
            self.turn_window(now);
            return Class::Video;
        }
        let silent = now.saturating_duration_since(current.last) >= SILENCE;
        let most = current.bytes;
        let held = self.changed.is_some_and(|changed| now.saturating_duration_since(changed) < HOLD);
        let other = self.note(source);
        let is_better = self.window_is_over(now) && !held && other.bytes > most + most / 2;
        if silent || is_better {
            return self.take(now, other);
        }
        self.turn_window(now);
        Class::Other
    }

    /// Notes a packet of another source. Returns the source.
    fn note(&mut self, source: Source) -> Source {
        if let Some(known) = self.others.iter_mut().find(|other| other.ssrc == source.ssrc) {
            known.last = source.last;
            known.bytes += source.bytes;
            return *known;
        }
        if self.others.len() < MAX_OTHERS {
            self.others.push(source);
        }
        source
    }

    fn take(&mut self, now: Instant, source: Source) -> Class {
        self.current = Some(source);
        self.changed = Some(now);
        self.others.clear();
        self.restart_window(now);
        Class::Begins
    }

    fn window_is_over(&self, now: Instant) -> bool {
        self.window.is_some_and(|began| now.saturating_duration_since(began) >= WINDOW)
    }

    fn turn_window(&mut self, now: Instant) {
        // What is over by much was a pause of all.
        if self.window.is_some_and(|began| now.saturating_duration_since(began) >= 2 * WINDOW) {
            self.restart_window(now);
        }
    }

    fn restart_window(&mut self, now: Instant) {
        self.window = Some(now);
        self.others.clear();
        if let Some(current) = &mut self.current {
            current.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_followed_as_they_come() {
        let start = Instant::now();
        let mut selector = Selector::new(102, Some(103));
        // (at ms, SSRC, payload type, class)
        for (at, ssrc, payload_type, class) in [
            (0, 9, 103, Class::Retransmission),
            (0, 8, 111, Class::Foreign),
            (1, 1, 102, Class::Begins),
            (2, 1, 102, Class::Video),
            (3, 2, 102, Class::Other),
            (150, 1, 102, Class::Video),
            (160, 2, 102, Class::Other),
            (351, 2, 102, Class::Begins),
            (352, 2, 102, Class::Video),
            (353, 1, 102, Class::Other),
            (900, 3, 102, Class::Begins),
        ] {
            let now = start + Duration::from_millis(at);
            assert_eq!(selector.classify(now, ssrc, payload_type, 1000), class, "at {at}");
        }
        assert_eq!(selector.ssrc(), Some(3));
    }

    #[test]
    fn the_largest_of_several_layers_is_taken_and_kept() {
        let start = Instant::now();
        let mut selector = Selector::new(102, None);
        let mut changes = 0;
        for ms in (0..30_000).step_by(33) {
            let now = start + Duration::from_millis(ms);
            for (ssrc, bytes) in [(1, 300), (2, 1200), (3, 5000), (4, 4000)] {
                changes += usize::from(selector.classify(now, ssrc, 102, bytes) == Class::Begins);
            }
        }
        assert_eq!(selector.ssrc(), Some(3));
        assert!(changes <= 3, "{changes}");
    }

    #[test]
    fn sources_are_bounded() {
        let mut selector = Selector::new(102, None);
        let now = Instant::now();
        for ssrc in 0..1000 {
            selector.classify(now, ssrc, 102, 10);
        }
        assert!(selector.others.len() <= MAX_OTHERS);
    }
}

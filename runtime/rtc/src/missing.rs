//! Which packets of a stream to ask for again, and when. Has no clock: `now` comes in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A packet may overtake others by so much before they are taken for lost.
const REORDERING: Duration = Duration::from_millis(8);
/// Time between two requests for the same packet.
const SPACING: Duration = Duration::from_millis(30);
/// Requests for one packet; with their spacing they last as long as a picture waits.
const TRIES: u8 = 5;
/// Packets that are asked for at the same time. A larger gap is not healed by asking.
const MOST: usize = 256;

#[derive(Debug)]
struct Request {
    tries: u8,
    due: Instant,
}

/// The gaps of one stream.
#[derive(Debug, Default)]
pub struct Missing {
    highest: Option<u64>,
    requests: BTreeMap<u64, Request>,
}

impl Missing {
    /// A packet arrived, by whatever way.
    pub fn received(&mut self, now: Instant, sequence: u16) {
        let Some(highest) = self.highest else {
            // Room below, for packets from before the first one.
            self.highest = Some((1 << 32) + u64::from(sequence));
            return;
        };
        let number = highest.wrapping_add_signed(i64::from(sequence.wrapping_sub(highest as u16) as i16));
        if number <= highest {
            self.requests.remove(&number);
            return;
        }
        self.highest = Some(number);
        if (number - highest) as usize > MOST {
            self.requests.clear();
            return;
        }
        let due = now + REORDERING;
        self.requests.extend((highest + 1..number).map(|missing| (missing, Request { tries: 0, due })));
        while self.requests.len() > MOST {
            self.requests.pop_first();
        }
    }

    /// The packets to ask for now, in order.
    pub fn due(&mut self, now: Instant) -> Vec<u16> {
        let mut due = Vec::new();
        self.requests.retain(|number, request| {
            if now < request.due {
                return true;
            }
            if request.tries == TRIES {
                return false;
            }
            due.push(*number as u16);
            request.tries += 1;
            request.due = now + SPACING;
            true
        });
        due
    }

    /// When [`Self::due`] is worth calling next.
    pub fn deadline(&self) -> Option<Instant> {
        self.requests.values().map(|request| request.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_asked_for_until_healed_or_given_up() {
        let (start, mut missing) = (Instant::now(), Missing::default());
        let at = |ms| start + Duration::from_millis(ms);
        for sequence in [65533, 65534, 1, 3] {
            missing.received(start, sequence);
        }
        assert_eq!(missing.deadline(), Some(at(8)));
        assert_eq!(missing.due(at(7)), [0u16; 0]);
        assert_eq!(missing.due(at(8)), [65535, 0, 2]);
        missing.received(at(20), 0);
        assert_eq!(missing.due(at(37)), [0u16; 0]);
        assert_eq!(missing.due(at(38)), [65535, 2]);
        missing.received(at(40), 65535);
        for ms in [68, 98, 128] {
            assert_eq!(missing.due(at(ms)), [2]);
        }
        assert_eq!(missing.due(at(158)), [0u16; 0], "five times, no more");
        assert_eq!(missing.deadline(), None);
    }

    #[test]
    fn overtaking_is_not_loss() {
        let (start, mut missing) = (Instant::now(), Missing::default());
        for sequence in [10, 12, 11, 15, 13, 14, 14, 9] {
            missing.received(start, sequence);
        }
        assert_eq!(missing.deadline(), None);
    }

    #[test]
    fn what_is_asked_for_is_bounded() {
        let (start, mut missing) = (Instant::now(), Missing::default());
        for step in 0..1000u16 {
            missing.received(start, step.wrapping_mul(200));
            assert!(missing.requests.len() <= MOST);
        }
        missing.received(start, 1000);
        missing.received(start, 30_000);
        assert_eq!(missing.deadline(), None, "too large a gap");
    }
}

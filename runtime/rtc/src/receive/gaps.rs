//! Which packets of a stream are missing, and when to ask for them. Has no clock: `now` is an argument.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::sequence;

/// Time by which packets may arrive out of order before those that are missing count as lost.
const REORDERING: Duration = Duration::from_millis(8);
/// Time between two requests for the same packet.
const SPACING: Duration = Duration::from_millis(30);
/// Requests for one packet; with their spacing they last as long as a frame waits for its packets.
const MAX_TRIES: u8 = 5;
/// Packets that are asked for at the same time. Larger gaps are left to the next keyframe.
const MAX_REQUESTS: usize = 256;

#[derive(Debug)]
struct Request {
    tries: u8,
    due: Instant,
}

/// The gaps of one stream.
#[derive(Debug, Default)]
pub struct Gaps {
    highest: Option<u64>,
    requests: BTreeMap<u64, Request>,
}

impl Gaps {
    /// Notes that a packet arrived, by itself or as a retransmission.
    pub fn received(&mut self, now: Instant, sequence: u16) {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence::first(sequence));
            return;
        };
        let number = sequence::unwrap(highest, sequence);
        if number <= highest {
            self.requests.remove(&number);
            return;
        }
        self.highest = Some(number);
        if (number - highest) as usize > MAX_REQUESTS {
            self.requests.clear();
            return;
        }
        let due = now + REORDERING;
        self.requests.extend((highest + 1..number).map(|missing| (missing, Request { tries: 0, due })));
        while self.requests.len() > MAX_REQUESTS {
            self.requests.pop_first();
        }
    }

    /// The sequence numbers to ask for now, in order.
    pub fn due(&mut self, now: Instant) -> Vec<u16> {
        let mut due = Vec::new();
        self.requests.retain(|number, request| {
            if now < request.due {
                return true;
            }
            if request.tries == MAX_TRIES {
                return false;
            }
            due.push(*number as u16);
            request.tries += 1;
            request.due = now + SPACING;
            true
        });
        due
    }

    /// When [`Self::due`] has to be called next; `None` when nothing is missing.
    pub fn deadline(&self) -> Option<Instant> {
        self.requests.values().map(|request| request.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_packets_are_asked_for_until_they_come_or_are_given_up() {
        let (start, mut gaps) = (Instant::now(), Gaps::default());
        let at = |ms| start + Duration::from_millis(ms);
        for sequence in [65533, 65534, 1, 3] {
            gaps.received(start, sequence);
        }
        assert_eq!(gaps.deadline(), Some(at(8)));
        assert_eq!(gaps.due(at(7)), [0u16; 0]);
        assert_eq!(gaps.due(at(8)), [65535, 0, 2]);
        gaps.received(at(20), 0);
        assert_eq!(gaps.due(at(37)), [0u16; 0]);
        assert_eq!(gaps.due(at(38)), [65535, 2]);
        gaps.received(at(40), 65535);
        for ms in [68, 98, 128] {
            assert_eq!(gaps.due(at(ms)), [2]);
        }
        assert_eq!(gaps.due(at(158)), [0u16; 0], "five times, no more");
        assert_eq!(gaps.deadline(), None);
    }

    #[test]
    fn packets_out_of_order_are_not_lost() {
        let (start, mut gaps) = (Instant::now(), Gaps::default());
        for sequence in [10, 12, 11, 15, 13, 14, 14, 9] {
            gaps.received(start, sequence);
        }
        assert_eq!(gaps.deadline(), None);
    }

    #[test]
    fn requests_are_bounded() {
        let (start, mut gaps) = (Instant::now(), Gaps::default());
        for step in 0..1000u16 {
            gaps.received(start, step.wrapping_mul(200));
            assert!(gaps.requests.len() <= MAX_REQUESTS);
        }
        gaps.received(start, 1000);
        gaps.received(start, 30_000);
        assert_eq!(gaps.deadline(), None, "too large a gap");
    }
}

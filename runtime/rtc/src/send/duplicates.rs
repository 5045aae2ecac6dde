//! Packets that are sent twice (RFC 7198): where some are lost and a round trip is long, a second copy is there at once, and a packet
//! that is asked for is not.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Round trip from which asking takes too long.
const LONG: Duration = Duration::from_millis(60);
/// Loss from which what is sent again, or twice, decides what a viewer sees; below it, jitter does.
pub(super) const LOSSY: f64 = 0.005;
/// How long copies are sent, since the last loss.
const KEPT: Duration = Duration::from_secs(10);
/// Rate below which the half of it is better used for pictures, b/s: to begin, and to go on.
const LEAST: (f64, f64) = (1_300_000.0, 1_000_000.0);
/// A copy later than this is of no use.
const MAX_AGE: Duration = Duration::from_millis(100);
/// Copies that wait, at most.
const MAX_WAITING: usize = 512;

/// The copies to send.
#[derive(Debug, Default)]
pub struct Duplicates {
    /// Until when packets are sent twice.
    until: Option<Instant>,
    /// Sequence numbers, with the time of the first sending.
    waiting: VecDeque<(Instant, u16)>,
}

impl Duplicates {
    /// Learns of the path: its loss (0 to 1), its round trip, whether something queues on it, so that the loss may come from that,
    /// and how much is sent, b/s.
    pub fn learn(&mut self, now: Instant, loss: f64, round_trip: Option<Duration>, queues: bool, rate: f64) {
        let least = if self.are_sent(now) { LEAST.1 } else { LEAST.0 };
        if rate < least {
            self.until = None;
            self.waiting.clear();
        } else if loss > LOSSY && !queues && round_trip.is_some_and(|time| time >= LONG) {
            self.until = Some(now + KEPT);
        }
    }

    /// Returns whether packets are sent twice.
    pub fn are_sent(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Takes the number of a packet that was sent.
    pub fn sent(&mut self, now: Instant, sequence: u16) {
        if self.are_sent(now) && self.waiting.len() < MAX_WAITING {
            self.waiting.push_back((now, sequence));
        }
    }

    /// Returns the number of the packet to send again.
    pub fn next(&mut self, now: Instant) -> Option<u16> {
        while let Some((at, sequence)) = self.waiting.pop_front() {
            if now <= at + MAX_AGE {
                return Some(sequence);
            }
        }
        None
    }

    /// Returns whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn copies_are_sent_where_they_help_and_what_they_take_is_there() {
        let start = Instant::now();
        for (loss, round_trip, queues, rate, sent) in [
            (0.02, Some(ms(100)), false, 2e6, true),
            (0.001, Some(ms(100)), false, 2e6, false),
            (0.02, Some(ms(20)), false, 2e6, false),
            (0.02, None, false, 2e6, false),
            (0.02, Some(ms(100)), true, 2e6, false),
            (0.02, Some(ms(100)), false, 1.1e6, false),
        ] {
            let mut duplicates = Duplicates::default();
            duplicates.learn(start, loss, round_trip, queues, rate);
            duplicates.sent(start, 7);
            assert_eq!((duplicates.are_sent(start), duplicates.next(start)), (sent, sent.then_some(7)));
        }
    }

    #[test]
    fn they_end_with_the_loss_or_the_rate_and_old_ones_are_left_out() {
        let (start, mut duplicates) = (Instant::now(), Duplicates::default());
        duplicates.learn(start, 0.02, Some(ms(100)), false, 2e6);
        duplicates.learn(start + ms(9000), 0.0, Some(ms(100)), false, 1.1e6);
        assert!(duplicates.are_sent(start + ms(9900)) && !duplicates.are_sent(start + ms(10_000)));
        duplicates.sent(start, 1);
        duplicates.sent(start + ms(90), 2);
        assert_eq!((duplicates.next(start + ms(150)), duplicates.is_empty()), (Some(2), true));
        duplicates.sent(start + ms(160), 3);
        duplicates.learn(start + ms(170), 0.02, Some(ms(100)), false, 5e5);
        assert!(!duplicates.are_sent(start + ms(170)) && duplicates.is_empty());
    }
}

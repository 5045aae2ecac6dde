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
/// Time before the first copy: until then the pictures have become smaller.
const LEAD: Duration = Duration::from_millis(500);
/// Time between a packet and its copy on a path with gaps, which would take both.
const APART: Duration = Duration::from_millis(60);
/// Rate below which the half of it is better used for pictures, b/s: to begin, and to go on.
const LEAST: (f64, f64) = (1_300_000.0, 1_000_000.0);
/// A copy later than this is of no use.
const MAX_AGE: Duration = Duration::from_millis(100);
/// Copies that wait, at most.
const MAX_WAITING: usize = 512;

/// The copies to send.
#[derive(Debug, Default)]
pub struct Duplicates {
    /// From when on, and until when, packets are sent twice.
    time: Option<(Instant, Instant)>,
    /// What is sent queues already: copies are the first to go.
    queues: bool,
    /// Time between a packet and its copy.
    apart: Duration,
    /// Sequence numbers, with the time from which on they are sent again.
    waiting: VecDeque<(Instant, u16)>,
}

impl Duplicates {
    /// Learns of the path: its loss (0 to 1), its round trip, whether something queues on it, so that the loss may come from that,
    /// and how much is sent, b/s.
    pub fn learn(&mut self, now: Instant, loss: f64, round_trip: Option<Duration>, queues: bool, rate: f64) {
        self.queues = queues;
        let least = if self.are_sent(now) { LEAST.1 } else { LEAST.0 };
        if rate < least {
            self.time = None;
            self.waiting.clear();
        } else if loss > LOSSY && !queues && round_trip.is_some_and(|time| time >= LONG) {
            let begun = self.time.filter(|_| self.are_sent(now)).map(|(from, _)| from);
            self.time = Some((begun.unwrap_or(now + LEAD), now + KEPT));
        }
        if queues {
            self.waiting.clear();
        }
    }

    /// Returns whether packets are sent twice, or soon will be.
    pub fn are_sent(&self, now: Instant) -> bool {
        self.time.is_some_and(|(_, until)| now < until)
    }

    /// Learns whether the path has gaps, in which it loses several packets in sequence.
    pub fn expect_gaps(&mut self, gaps: bool) {
        self.apart = if gaps { APART } else { Duration::ZERO };
    }

    /// Takes the number of a packet that was sent.
    pub fn sent(&mut self, now: Instant, sequence: u16) {
        let are_due = self.time.is_some_and(|(from, until)| (from..until).contains(&now));
        if are_due && !self.queues && self.waiting.len() < MAX_WAITING {
            self.waiting.push_back((now + self.apart, sequence));
        }
    }

    /// Returns the number of the packet to send again.
    pub fn next(&mut self, now: Instant) -> Option<u16> {
        while let Some((at, sequence)) = self.waiting.pop_front_if(|(at, _)| *at <= now) {
            if now <= at + MAX_AGE {
                return Some(sequence);
            }
        }
        None
    }

    /// When [`Self::next`] has something; `None` when none waits.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.front().map(|(at, _)| *at)
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
            duplicates.sent(start, 6);
            let begun = start + LEAD;
            duplicates.sent(begun, 7);
            assert_eq!((duplicates.are_sent(start), duplicates.next(begun)), (sent, sent.then_some(7)));
        }
    }

    #[test]
    fn they_end_with_the_loss_or_the_rate_and_old_ones_are_left_out() {
        let (start, mut duplicates) = (Instant::now(), Duplicates::default());
        duplicates.learn(start, 0.02, Some(ms(100)), false, 2e6);
        duplicates.learn(start + ms(9000), 0.0, Some(ms(100)), false, 1.1e6);
        assert!(duplicates.are_sent(start + ms(9900)) && !duplicates.are_sent(start + ms(10_000)));
        let later = start + ms(9000);
        duplicates.sent(later, 1);
        duplicates.sent(later + ms(90), 2);
        assert_eq!((duplicates.next(later + ms(150)), duplicates.deadline()), (Some(2), None));
        duplicates.sent(later + ms(160), 3);
        duplicates.learn(later + ms(165), 0.02, Some(ms(100)), true, 2e6);
        assert!(duplicates.are_sent(later + ms(165)) && duplicates.deadline().is_none(), "what queues is not doubled");
        duplicates.sent(later + ms(165), 4);
        assert!(duplicates.deadline().is_none());
        duplicates.learn(later + ms(168), 0.02, Some(ms(100)), false, 2e6);
        duplicates.sent(later + ms(168), 5);
        assert!(duplicates.deadline().is_some());
        duplicates.learn(later + ms(170), 0.02, Some(ms(100)), false, 5e5);
        assert!(!duplicates.are_sent(later + ms(170)) && duplicates.deadline().is_none());
    }

    #[test]
    fn where_there_are_gaps_copies_come_later() {
        let (start, mut duplicates) = (Instant::now(), Duplicates::default());
        duplicates.learn(start, 0.02, Some(ms(100)), false, 2e6);
        let begun = start + LEAD;
        duplicates.expect_gaps(true);
        duplicates.sent(begun, 1);
        assert_eq!((duplicates.next(begun + ms(59)), duplicates.deadline()), (None, Some(begun + ms(60))));
        assert_eq!(duplicates.next(begun + ms(60)), Some(1));
        duplicates.expect_gaps(false);
        duplicates.sent(begun + ms(70), 2);
        assert_eq!(duplicates.next(begun + ms(70)), Some(2));
    }
}

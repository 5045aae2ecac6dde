//! What one direction of a path does to packets.

use std::ops::Range;
use std::time::Duration;

/// What one direction of a path does to packets. The default does nothing.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Bits a second; none: unlimited.
    pub rate: Option<u64>,
    /// Most that waits for the rate; what comes on top is dropped.
    pub queue: Queue,
    /// Added to every packet.
    pub delay: Duration,
    /// At most so much is added on top, evenly distributed.
    pub jitter: Duration,
    /// Whether jitter lets packets overtake each other.
    pub reorders: bool,
    /// Probability that a packet is lost, by itself.
    pub loss: f64,
    /// Losses in bursts, by chance.
    pub bursts: Option<Bursts>,
    /// Short times without any packet, again and again.
    pub gaps: Option<Gaps>,
    /// Rates (bits a second) that hold from a time after the schedule's start on.
    pub rates: Vec<(Duration, u64)>,
    /// Times after the schedule's start in which every packet is lost.
    pub outages: Vec<Range<Duration>>,
    /// Whether UDP does not pass at all.
    pub blocks_udp: bool,
}

/// Bound of a queue.
#[derive(Clone, Copy, Debug)]
pub enum Queue {
    /// Time that the queue takes at the present rate.
    Time(Duration),
    /// Bytes.
    Bytes(usize),
}

impl Default for Queue {
    fn default() -> Self {
        Self::Time(Duration::from_millis(300))
    }
}

/// The model of Gilbert: a good state without loss, and a bad one. The state may change with each packet.
#[derive(Clone, Copy, Debug)]
pub struct Bursts {
    /// Probability that a burst begins.
    pub begin: f64,
    /// Probability that it ends.
    pub end: f64,
    /// Probability that a packet is lost within a burst.
    pub loss: f64,
}

/// Short times in which every packet is lost.
#[derive(Clone, Copy, Debug)]
pub struct Gaps {
    /// From the start of one to the start of the next, on average; between half of it and one and a half.
    pub every: Duration,
    /// Shortest.
    pub shortest: Duration,
    /// Longest.
    pub longest: Duration,
}

impl Profile {
    /// Returns the rate at `time` after the schedule's start; none: unlimited.
    pub fn rate_at(&self, time: Option<Duration>) -> Option<u64> {
        let changed = time.and_then(|time| self.rates.iter().rev().find(|(from, _)| *from <= time));
        changed.map(|(_, rate)| *rate).or(self.rate)
    }

    /// Returns whether the path is down at `time` after the schedule's start.
    pub fn is_down(&self, time: Option<Duration>) -> bool {
        time.is_some_and(|time| self.outages.iter().any(|outage| outage.contains(&time)))
    }
}

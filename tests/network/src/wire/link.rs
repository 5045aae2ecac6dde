//! One direction of the wire: which packet leaves when, and which never does.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use super::packet;
use super::profile::{Gaps, Profile, Queue};
use super::random::Random;

/// Packets in the queue and under way, at most: a bound of memory that no profile reaches.
const MOST_PACKETS: usize = 20_000;

/// One direction of the wire. All times are since the wire's start.
#[derive(Debug)]
pub struct Link {
    profile: Profile,
    random: Random,
    /// When the profile's schedule started.
    start: Option<Duration>,
    /// Packets that wait for the rate, with the time at which they came.
    queue: VecDeque<(Duration, Vec<u8>)>,
    queued_bytes: usize,
    /// When the last packet had left the queue entirely.
    free_at: Duration,
    flying: BinaryHeap<Reverse<Flying>>,
    sent: u64,
    last_due: Duration,
    in_burst: bool,
    /// The next gap, or the present one.
    gap: Option<(Duration, Duration)>,
    counts: Counts,
}

/// What became of the packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that arrived at the other end.
    pub delivered: u64,
    /// Their bytes, IP header included.
    pub bytes: u64,
    /// Packets lost by chance, or in a gap or an outage.
    pub lost: u64,
    /// Packets that found the queue full.
    pub dropped: u64,
    /// Packets that do not pass, such as UDP where it is blocked.
    pub blocked: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Flying {
    due: Duration,
    number: u64,
    packet: Vec<u8>,
}

impl Ord for Flying {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl PartialOrd for Flying {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Link {
    /// Returns a link; what is random follows from `seed`.
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profile,
            random: Random::new(seed),
            start: None,
            queue: VecDeque::new(),
            queued_bytes: 0,
            free_at: Duration::ZERO,
            flying: BinaryHeap::new(),
            sent: 0,
            last_due: Duration::ZERO,
            in_burst: false,
            gap: None,
            counts: Counts::default(),
        }
    }

    /// Starts the profile's schedule.
    pub fn start_schedule(&mut self, now: Duration) {
        self.serve(now);
        self.start = Some(now);
    }

    /// Returns what became of the packets so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a packet that enters the wire.
    pub fn push(&mut self, now: Duration, packet: Vec<u8>) {
        self.serve(now);
        if self.profile.blocks_udp && packet::is_udp(&packet) {
            self.counts.blocked += 1;
            return;
        }
        let Some(rate) = self.rate(now) else {
            self.depart(now, packet);
            return;
        };
        let bytes = self.queued_bytes + packet.len();
        let is_full = match self.profile.queue {
            // One packet always fits, or nothing would pass a slow link.
            Queue::Time(most) => !self.queue.is_empty() && duration(bytes, rate) > most,
            Queue::Bytes(most) => !self.queue.is_empty() && bytes > most,
        };
        if is_full || self.queue.len() >= MOST_PACKETS {
            self.counts.dropped += 1;
            return;
        }
        self.queued_bytes = bytes;
        self.queue.push_back((now, packet));
    }

    /// Returns the next packet that has arrived at the other end.
    pub fn pop(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.serve(now);
        if self.flying.peek()?.0.due > now {
            return None;
        }
        let Reverse(flying) = self.flying.pop()?;
        self.counts.delivered += 1;
        self.counts.bytes += flying.packet.len() as u64;
        Some(flying.packet)
    }

    /// Returns when [`Link::pop`] is to be called next, unless a packet comes.
    pub fn next(&self) -> Option<Duration> {
        let flying = self.flying.peek().map(|flying| flying.0.due);
        flying.into_iter().chain(self.head_leaves()).min()
    }

    /// When the first packet of the queue has left it.
    fn head_leaves(&self) -> Option<Duration> {
        let (came, packet) = self.queue.front()?;
        let start = self.free_at.max(*came);
        // A packet that waits while the limit ends leaves at once.
        Some(self.rate(start).map_or(start, |rate| start + duration(packet.len(), rate)))
    }

    /// Lets the queue's packets leave that had the time to.
    fn serve(&mut self, now: Duration) {
        while let Some(leaves) = self.head_leaves().filter(|leaves| *leaves <= now) {
            let Some((_, packet)) = self.queue.pop_front() else { return };
            self.queued_bytes -= packet.len();
            self.free_at = leaves;
            self.depart(leaves, packet);
        }
    }

    /// Decides what happens to a packet that left the queue.
    fn depart(&mut self, now: Duration, packet: Vec<u8>) {
        if self.is_lost(now) || self.flying.len() >= MOST_PACKETS {
            self.counts.lost += 1;
            return;
        }
        let mut due = now + self.profile.delay + self.profile.jitter.mul_f64(self.random.fraction());
        if !self.profile.reorders {
            due = due.max(self.last_due);
        }
        self.last_due = self.last_due.max(due);
        self.sent += 1;
        self.flying.push(Reverse(Flying { due, number: self.sent, packet }));
    }

    fn is_lost(&mut self, now: Duration) -> bool {
        let in_burst = self.profile.bursts.is_some_and(|bursts| {
            let change = if self.in_burst { bursts.end } else { bursts.begin };
            self.in_burst ^= self.random.happens(change);
            self.in_burst && self.random.happens(bursts.loss)
        });
        let by_chance = self.random.happens(self.profile.loss);
        let in_gap = self.profile.gaps.is_some_and(|gaps| self.is_in_gap(now, gaps));
        in_burst || by_chance || in_gap || self.profile.is_down(self.since_start(now))
    }

    /// Gaps begin with the schedule.
    fn is_in_gap(&mut self, now: Duration, gaps: Gaps) -> bool {
        let Some(start) = self.start else { return false };
        loop {
            let (begin, end) = match self.gap {
                Some(gap) if now < gap.1 => gap,
                passed => {
                    let begin = passed.map_or(start, |gap| gap.0) + gaps.every.mul_f64(0.5 + self.random.fraction());
                    let longer = gaps.longest.saturating_sub(gaps.shortest);
                    (begin, begin + gaps.shortest + longer.mul_f64(self.random.fraction()))
                }
            };
            self.gap = Some((begin, end));
            if now < end {
                return now >= begin;
            }
        }
    }

    fn since_start(&self, now: Duration) -> Option<Duration> {
        now.checked_sub(self.start?)
    }

    fn rate(&self, now: Duration) -> Option<u64> {
        self.profile.rate_at(self.since_start(now)).map(|rate| rate.max(1))
    }
}

/// Time that so many bytes take at a rate.
fn duration(bytes: usize, rate: u64) -> Duration {
    Duration::from_secs_f64(bytes as f64 * 8.0 / rate as f64)
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;

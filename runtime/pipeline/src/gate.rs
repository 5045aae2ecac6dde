//! Which pictures are processed, and which are skipped because a newer one is there.
//!
//! A plain struct: time comes in as an argument. At most one picture waits. A picture that was not taken when the next
//! one is decoded is skipped, unless the handler is about to have time for it (see [`Gate::patience`]).

use std::time::{Duration, Instant};

use serde::Serialize;

/// Why a picture was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// The handler was still busy with an earlier picture when a newer one arrived.
    Busy,
    /// The handler rests after repeated faults.
    Resting,
}

/// A picture that the handler takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Counts the pictures of the stream from 0.
    pub sequence: u64,
    /// Pictures skipped since the previous ticket.
    pub skipped: u32,
    /// How long it waited.
    pub waited: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    sequence: u64,
    since: Instant,
}

/// Frame interval that is assumed until two pictures have come.
const USUAL_INTERVAL: Duration = Duration::from_millis(33);
/// Longest interval that counts as a rate and not as a pause.
const LONGEST_INTERVAL: Duration = Duration::from_secs(1);

/// One slot; the latest picture wins.
#[derive(Debug)]
pub struct Gate {
    next: u64,
    waiting: Option<Waiting>,
    busy_since: Option<Instant>,
    skipped_since_take: u32,
    cost: Duration,
    interval: Duration,
    last_pts: Option<Duration>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            next: 0,
            waiting: None,
            busy_since: None,
            skipped_since_take: 0,
            cost: Duration::ZERO,
            interval: USUAL_INTERVAL,
            last_pts: None,
        }
    }
}

impl Gate {
    /// A new picture with presentation time `pts` is there. True when an earlier one, still waiting, was skipped for it.
    pub fn offer(&mut self, now: Instant, pts: Duration) -> bool {
        if let Some(gap) = self.last_pts.and_then(|last| pts.checked_sub(last)).filter(|gap| *gap < LONGEST_INTERVAL) {
            self.interval = smooth(self.interval, gap);
        }
        self.last_pts = Some(pts);
        let skipped = self.discard();
        self.waiting = Some(Waiting { sequence: self.next, since: now });
        self.next += 1;
        skipped
    }

    /// The waiting picture, if any, is gone. True when there was one.
    pub fn discard(&mut self) -> bool {
        let skipped = self.waiting.take().is_some();
        self.skipped_since_take += u32::from(skipped);
        skipped
    }

    /// The handler has time: the waiting picture is its to process until [`Gate::done`].
    pub fn take(&mut self, now: Instant) -> Option<Ticket> {
        let waiting = self.waiting.take()?;
        self.busy_since = Some(now);
        Some(Ticket {
            sequence: waiting.sequence,
            skipped: std::mem::take(&mut self.skipped_since_take),
            waited: now.saturating_duration_since(waiting.since),
        })
    }

    /// The handler finished with what it took.
    pub fn done(&mut self, now: Instant) {
        if let Some(since) = self.busy_since.take() {
            let cost = now.saturating_duration_since(since);
            // Rises at once, falls slowly: a handler that was slow lately is not waited for.
            self.cost = if cost > self.cost { cost } else { smooth(self.cost, cost) };
        }
    }

    /// True while a picture waits.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Sequence number that the next offered picture will get.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// How long decoding the next access unit, complete since `completed`, may be put off so that the waiting picture
    /// is not lost to mere jitter. Zero when nothing waits, when the handler does not keep up with the frame rate on
    /// the whole, or when the access unit is already late: then skipping is what keeps the latency bounded.
    pub fn patience(&self, now: Instant, completed: Instant) -> Duration {
        if self.waiting.is_none() || self.cost.mul_f32(1.1) > self.interval {
            return Duration::ZERO;
        }
        let late = now.saturating_duration_since(completed);
        (self.interval * 2).saturating_sub(late).min(self.interval)
    }
}

fn smooth(old: Duration, new: Duration) -> Duration {
    (old * 15 + new) / 16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Plays a constant frame rate against a constant cost; returns (taken, skipped, the longest age at the end of a call).
    fn play(frames: u32, interval: Duration, cost: Duration) -> (u32, u32, Duration) {
        let start = Instant::now();
        let mut gate = Gate::default();
        let (mut taken, mut skipped, mut oldest) = (0, 0, Duration::ZERO);
        let mut arrivals = (0..frames).map(|i| start + interval * i).peekable();
        let mut offered = vec![];
        let mut done: Option<(Instant, u64)> = None;
        while arrivals.peek().is_some() || done.is_some() || gate.is_waiting() {
            let next = arrivals.peek().copied();
            match (next, done) {
                (Some(at), Some((end, _))) if at < end => {
                    arrivals.next();
                    offered.push(at);
                    skipped += u32::from(gate.offer(at, at - start));
                }
                (_, Some((end, sequence))) => {
                    gate.done(end);
                    // The very last picture has no successor that would replace it while it waits.
                    if arrivals.peek().is_some() {
                        oldest = oldest.max(end - offered[sequence as usize]);
                    }
                    done = gate.take(end).map(|ticket| (end + cost, ticket.sequence));
                    taken += u32::from(done.is_some());
                }
                (Some(at), None) => {
                    arrivals.next();
                    offered.push(at);
                    skipped += u32::from(gate.offer(at, at - start));
                    done = gate.take(at).map(|ticket| (at + cost, ticket.sequence));
                    taken += 1;
                }
                (None, None) => break,
            }
        }
        (taken, skipped, oldest)
    }

    #[test]
    fn a_fast_handler_sees_every_picture_and_a_slow_one_the_latest() {
        for (cost, taken) in [(5 * MS, 300), (32 * MS, 300), (66 * MS, 150), (200 * MS, 50)] {
            let (processed, skipped, oldest) = play(300, 33 * MS, cost);
            assert_eq!(processed + skipped, 300);
            assert!(processed.abs_diff(taken) <= 3, "{cost:?}: {processed} processed, expected about {taken}");
            assert!(oldest <= cost + 33 * MS, "{cost:?}: a result of age {oldest:?}");
        }
    }

    #[test]
    fn tickets_say_how_many_were_skipped() {
        let start = Instant::now();
        let mut gate = Gate::default();
        assert!(!gate.offer(start, Duration::ZERO));
        assert_eq!(gate.take(start + MS), Some(Ticket { sequence: 0, skipped: 0, waited: MS }));
        assert!(!gate.offer(start + 33 * MS, 33 * MS));
        assert!(gate.offer(start + 66 * MS, 66 * MS));
        gate.done(start + 70 * MS);
        assert_eq!(gate.take(start + 70 * MS), Some(Ticket { sequence: 2, skipped: 1, waited: 4 * MS }));
        assert_eq!(gate.take(start + 71 * MS), None);
    }

    #[test]
    fn jitter_is_waited_out_only_for_a_handler_that_keeps_up() {
        let start = Instant::now();
        for (cost, waits) in [(5 * MS, true), (25 * MS, true), (200 * MS, false)] {
            let mut gate = Gate::default();
            gate.offer(start, Duration::ZERO);
            gate.take(start);
            gate.done(start + cost);
            gate.offer(start + cost, 33 * MS);
            let now = start + cost;
            assert_eq!(gate.patience(now, now) > Duration::ZERO, waits, "{cost:?}");
            assert_eq!(gate.patience(now, now - 80 * MS), Duration::ZERO, "a late access unit is not put off");
        }
        assert_eq!(Gate::default().patience(start, start), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn every_picture_is_taken_or_skipped_and_order_holds(steps in proptest::collection::vec((0u8..4, 0u64..50), 0..500)) {
            let mut now = Instant::now();
            let start = now;
            let mut gate = Gate::default();
            let (mut offered, mut taken, mut skipped, mut last) = (0u64, 0u64, 0u64, None);
            for (step, ms) in steps {
                now += MS * ms as u32;
                match step {
                    0 | 1 => { offered += 1; skipped += u64::from(gate.offer(now, now - start)); }
                    2 => if let Some(ticket) = gate.take(now) {
                        taken += 1;
                        prop_assert!(last < Some(ticket.sequence));
                        let gap = ticket.sequence - last.map_or(0, |last| last + 1);
                        prop_assert_eq!(u64::from(ticket.skipped), gap);
                        last = Some(ticket.sequence);
                    },
                    _ => gate.done(now),
                }
                prop_assert_eq!(offered, taken + skipped + u64::from(gate.is_waiting()));
                prop_assert!(gate.patience(now, now) <= LONGEST_INTERVAL);
            }
        }
    }
}

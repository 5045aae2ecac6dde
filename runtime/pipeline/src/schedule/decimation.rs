//! Chooses k so that every k-th frame can be processed, from the cost of a frame and the rate of frames.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Frame interval before the first frames are there.
const USUAL_INTERVAL: Duration = Duration::from_millis(33);
/// Longest gap that counts as a rate and not as a pause.
const LONGEST_INTERVAL: Duration = Duration::from_secs(1);
/// Gaps of which the interval is the median.
const GAPS: usize = 15;
/// Time over which costs are taken.
const WINDOW: Duration = Duration::from_millis(1500);
/// Costs that are kept beyond the window: a slow handler gives few.
const KEPT: usize = 3;
/// Longest time that a cost is remembered.
const LONGEST_MEMORY: Duration = Duration::from_secs(5);
/// Costs that are remembered at most.
const MOST: usize = 256;
/// How long a smaller k has to be enough before it is taken.
const CALM: Duration = Duration::from_secs(2);
/// Largest k.
const LARGEST: u32 = 1000;

/// Chooses k. It grows at once and shrinks only after a calm time, so that the video does not alternate between two rates.
#[derive(Debug)]
pub struct Decimation {
    gaps: VecDeque<Duration>,
    last_pts: Option<Duration>,
    interval: Duration,
    costs: VecDeque<(Instant, Duration)>,
    every: u32,
    /// Since when a smaller k would do, and the largest of those seen since.
    calm: Option<(Instant, u32)>,
}

impl Default for Decimation {
    fn default() -> Self {
        Self {
            gaps: VecDeque::new(),
            last_pts: None,
            interval: USUAL_INTERVAL,
            costs: VecDeque::new(),
            every: 1,
            calm: None,
        }
    }
}

impl Decimation {
    /// A frame with presentation time `pts` is there.
    pub fn arrived(&mut self, now: Instant, pts: Duration) {
        let gap = self.last_pts.and_then(|last| pts.checked_sub(last));
        self.last_pts = Some(pts);
        if let Some(gap) = gap.filter(|gap| !gap.is_zero() && *gap < LONGEST_INTERVAL) {
            if self.gaps.len() == GAPS {
                self.gaps.pop_front();
            }
            self.gaps.push_back(gap);
            // The median: neither jitter nor a lost frame moves it.
            if self.gaps.len() >= KEPT {
                let mut sorted: Vec<_> = self.gaps.iter().copied().collect();
                sorted.sort_unstable();
                self.interval = sorted[sorted.len() / 2];
            }
        }
        self.retune(now);
    }

    /// A frame kept the handler busy for `cost`.
    pub fn spent(&mut self, now: Instant, cost: Duration) {
        if self.costs.len() == MOST {
            self.costs.pop_front();
        }
        self.costs.push_back((now, cost));
        self.retune(now);
    }

    /// Returns k, at least 1.
    pub fn every(&self) -> u32 {
        self.every
    }

    /// Returns the usual time between two frames.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Returns the cost that nine of ten recent frames do not exceed; none when nothing was measured lately. A single
    /// outlier never decides it.
    pub fn cost(&self) -> Option<Duration> {
        let mut sorted: Vec<_> = self.costs.iter().map(|(_, cost)| *cost).collect();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) * 9 / 10).copied()
    }

    fn forget(&mut self, now: Instant) {
        let age = |at: &Instant| now.saturating_duration_since(*at);
        while let Some((at, _)) = self.costs.front() {
            let old = age(at) > LONGEST_MEMORY || (age(at) > WINDOW && self.costs.len() > KEPT);
            if !old {
                break;
            }
            self.costs.pop_front();
        }
    }

    fn retune(&mut self, now: Instant) {
        self.forget(now);
        // A guessed interval would be off by so much that unlearning it takes longer than learning the true one.
        if self.gaps.len() < KEPT {
            return;
        }
        let cost = self.cost().unwrap_or_default();
        let needed = frames(cost, self.interval);
        if needed > self.every {
            self.every = needed;
            self.calm = None;
            return;
        }
        // A smaller k has to leave room to breathe, or the next moment asks for the larger one again.
        let enough = frames(cost.saturating_add(cost / 7), self.interval);
        if enough >= self.every {
            self.calm = None;
            return;
        }
        let (since, largest) = self.calm.map_or((now, enough), |(since, largest)| (since, largest.max(enough)));
        self.calm = Some((since, largest));
        if now.saturating_duration_since(since) >= CALM {
            self.every = largest;
            self.calm = None;
        }
    }
}

/// How many frame intervals `cost` fills, rounded up; at least 1.
fn frames(cost: Duration, interval: Duration) -> u32 {
    let count = cost.as_nanos().div_ceil(interval.as_nanos().max(1));
    u32::try_from(count).unwrap_or(LARGEST).clamp(1, LARGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Arrivals every 33 ms from `from` to `to` ms; every k-th costs `cost`. Returns k at the end.
    fn run(decimation: &mut Decimation, start: Instant, from: u32, to: u32, cost: Duration) -> u32 {
        let mut count = 0;
        for ms in (from..to).step_by(33) {
            let now = start + MS * ms;
            decimation.arrived(now, MS * ms);
            count += 1;
            if count >= decimation.every() {
                count = 0;
                decimation.spent(now + cost, cost);
            }
        }
        decimation.every()
    }

    #[test]
    fn k_is_what_the_cost_asks_for() {
        for (cost, k) in [(0, 1), (10, 1), (33, 1), (34, 2), (66, 2), (67, 3), (200, 7), (1000, 31)] {
            let mut decimation = Decimation::default();
            let start = Instant::now();
            assert_eq!(run(&mut decimation, start, 0, 10_000, MS * cost), k, "{cost} ms");
            assert_eq!(decimation.cost(), Some(MS * cost));
        }
    }

    #[test]
    fn it_grows_at_once_shrinks_slowly_and_forgets_a_spike() {
        let start = Instant::now();
        let mut decimation = Decimation::default();
        assert_eq!(run(&mut decimation, start, 0, 3000, 10 * MS), 1);
        decimation.spent(start + 3400 * MS, 400 * MS);
        assert_eq!(decimation.every(), 1, "one spike changes nothing");
        assert_eq!(run(&mut decimation, start, 3500, 4500, 100 * MS), 4, "a lasting rise does, within a second");
        assert_eq!(run(&mut decimation, start, 4500, 6000, 10 * MS), 4, "a fall does not at once");
        assert_eq!(run(&mut decimation, start, 6000, 9500, 10 * MS), 1, "but within seconds");
    }

    #[test]
    fn at_the_border_k_does_not_swing() {
        let start = Instant::now();
        let mut decimation = Decimation::default();
        let mut changes = 0;
        for round in 0..60 {
            let before = decimation.every();
            let cost = if round % 2 == 0 { 32 * MS } else { 34 * MS };
            changes += u32::from(run(&mut decimation, start, round * 1000, (round + 1) * 1000, cost) != before);
        }
        assert!(changes <= 1, "{changes} changes in a minute");
    }

    #[test]
    fn two_long_stalls_are_forgotten_even_though_no_frame_comes_through() {
        let start = Instant::now();
        let mut decimation = Decimation::default();
        run(&mut decimation, start, 0, 1000, MS);
        decimation.spent(start + 6000 * MS, 5000 * MS);
        decimation.spent(start + 11_000 * MS, 5000 * MS);
        assert!(decimation.every() > 100);
        for ms in (11_000..19_000).step_by(33) {
            decimation.arrived(start + MS * ms, MS * ms);
        }
        assert_eq!(decimation.every(), 1);
    }

    proptest! {
        #[test]
        fn the_interval_withstands_jitter_and_loss(
            fps in 5u32..120,
            jitter in proptest::collection::vec((0u32..80, 0u8..10), 60),
        ) {
            let interval = Duration::from_secs(1) / fps;
            let start = Instant::now();
            let mut decimation = Decimation::default();
            for (i, (jitter, luck)) in jitter.into_iter().enumerate() {
                if luck > 0 {
                    let pts = interval * i as u32 + interval * jitter / 200;
                    decimation.arrived(start + pts, pts);
                }
            }
            let (low, high) = (interval * 60 / 100, interval * 141 / 100);
            prop_assert!(decimation.interval() >= low && decimation.interval() <= high, "{:?} for {interval:?}", decimation.interval());
        }

        #[test]
        fn whatever_comes_k_stays_within_bounds_and_memory_is_bounded(
            steps in proptest::collection::vec((any::<bool>(), any::<u64>(), 0u32..3000), 0..400),
        ) {
            let mut now = Instant::now();
            let mut decimation = Decimation::default();
            for (arrival, value, ms) in steps {
                now += MS * ms;
                match arrival {
                    true => decimation.arrived(now, Duration::from_nanos(value)),
                    false => decimation.spent(now, Duration::from_nanos(value)),
                }
                prop_assert!((1..=LARGEST).contains(&decimation.every()));
                prop_assert!(decimation.costs.len() <= MOST && decimation.gaps.len() <= GAPS);
                prop_assert!(!decimation.interval().is_zero() && decimation.interval() < LONGEST_INTERVAL);
            }
        }
    }
}

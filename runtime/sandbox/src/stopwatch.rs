//! How long the host worked for the guest during a call, and how long it will at least.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Adds up spans of work; clones share the sum.
#[derive(Clone, Default)]
pub(crate) struct Stopwatch(Arc<AtomicU64>);

impl Stopwatch {
    /// Does `work` and adds the time that it took.
    pub(crate) fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = work();
        let nanoseconds = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Relaxed);
        result
    }

    /// The sum since the last call of this.
    pub(crate) fn take(&self) -> Duration {
        Duration::from_nanos(self.0.swap(0, Relaxed))
    }
}

/// The best pace at which one kind of work was done for an instance: work that cannot be done before the deadline even at
/// that pace is not begun. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Pace(Arc<AtomicU64>);

/// Pixels that a pace is counted by.
const BATCH: u64 = 1024;

impl Pace {
    /// Work on so many pixels took so long.
    pub(crate) fn saw(&self, pixels: u64, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // None: so little was done that it says nothing.
        let Some(pace) = took.checked_div(pixels / BATCH) else { return };
        // 0 stands for nothing seen.
        let best = match self.0.load(Relaxed) {
            0 => pace.max(1),
            best => best.min(pace.max(1)),
        };
        self.0.store(best, Relaxed);
    }

    /// What so many pixels take at least.
    pub(crate) fn least(&self, pixels: u64) -> Duration {
        Duration::from_nanos(self.0.load(Relaxed).saturating_mul(pixels / BATCH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_the_best_that_was_seen() {
        let pace = Pace::default();
        assert_eq!(pace.least(u64::MAX), Duration::ZERO);
        pace.saw(10, Duration::from_secs(9));
        assert_eq!(pace.least(1 << 20), Duration::ZERO, "ten pixels say nothing");
        pace.saw(1 << 20, Duration::from_millis(8));
        pace.saw(1 << 20, Duration::from_millis(4));
        pace.saw(1 << 21, Duration::from_millis(20));
        let least = pace.least(1 << 19);
        assert!((Duration::from_micros(1990)..=Duration::from_millis(2)).contains(&least), "{least:?}");
    }
}

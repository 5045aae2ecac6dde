//! Measures the host's work for a guest, and estimates how long further work takes at least.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Sums up durations of work. Clones share the sum.
#[derive(Clone, Default)]
pub(crate) struct Stopwatch(Arc<AtomicU64>);

impl Stopwatch {
    /// Runs `work` and adds its duration.
    pub(crate) fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let result = work();
        let nanoseconds = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Relaxed);
        result
    }

    /// Returns the sum since the previous call of this function.
    pub(crate) fn take(&self) -> Duration {
        Duration::from_nanos(self.0.swap(0, Relaxed))
    }
}

/// The highest speed observed for one kind of work of an instance. Work that would miss the deadline even at this speed is
/// not started. Clones share the value.
#[derive(Clone, Default)]
pub(crate) struct Speed(Arc<AtomicU64>);

/// Unit of work, pixels. A speed is stored as nanoseconds per batch; 0 if none was observed.
const BATCH: u64 = 1024;

impl Speed {
    /// Records that work on `pixels` pixels took `duration`.
    pub(crate) fn observe(&self, pixels: u64, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        // Less than a batch of work is too little to measure.
        let Some(per_batch) = nanoseconds.checked_div(pixels / BATCH) else { return };
        let best = match self.0.load(Relaxed) {
            0 => per_batch.max(1),
            best => best.min(per_batch.max(1)),
        };
        self.0.store(best, Relaxed);
    }

    /// Returns the least time that work on `pixels` pixels takes.
    pub(crate) fn min_duration(&self, pixels: u64) -> Duration {
        Duration::from_nanos(self.0.load(Relaxed).saturating_mul(pixels / BATCH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_observed_speed_is_kept() {
        let speed = Speed::default();
        assert_eq!(speed.min_duration(u64::MAX), Duration::ZERO);
        speed.observe(10, Duration::from_secs(9));
        assert_eq!(speed.min_duration(1 << 20), Duration::ZERO, "ten pixels are too few to measure");
        speed.observe(1 << 20, Duration::from_millis(8));
        speed.observe(1 << 20, Duration::from_millis(4));
        speed.observe(1 << 21, Duration::from_millis(20));
        let least = speed.min_duration(1 << 19);
        assert!((Duration::from_micros(1990)..=Duration::from_millis(2)).contains(&least), "{least:?}");
    }
}

//! Moments, as the nanoseconds of the clock that all processes of a machine share (CLOCK_MONOTONIC, clock_gettime(2)).

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The same moment on both clocks.
static ORIGIN: OnceLock<(Instant, i64)> = OnceLock::new();

fn origin() -> (Instant, i64) {
    *ORIGIN.get_or_init(|| {
        let now = clock_gettime(ClockId::Monotonic);
        (Instant::now(), now.tv_sec.saturating_mul(1_000_000_000).saturating_add(now.tv_nsec))
    })
}

/// Returns the nanoseconds of a moment.
pub(crate) fn to_nanos(at: Instant) -> i64 {
    let (instant, nanos) = origin();
    let part = |duration: Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match at.checked_duration_since(instant) {
        Some(after) => nanos.saturating_add(part(after)),
        None => nanos.saturating_sub(part(instant.saturating_duration_since(at))),
    }
}

/// Returns the moment of these nanoseconds; now, when they are out of range or in the future.
pub(crate) fn from_nanos(at: i64) -> Instant {
    let (instant, nanos) = origin();
    let now = Instant::now();
    let moved = match u64::try_from(at.saturating_sub(nanos)) {
        Ok(after) => instant.checked_add(Duration::from_nanos(after)),
        Err(_) => instant.checked_sub(Duration::from_nanos(nanos.saturating_sub(at).unsigned_abs())),
    };
    moved.map_or(now, |moved| moved.min(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_the_way_there_and_back() {
        let now = Instant::now();
        for at in [now, now - Duration::from_millis(7), now - Duration::from_nanos(1)] {
            assert_eq!(from_nanos(to_nanos(at)), at);
        }
        for rubbish in [i64::MIN, i64::MAX] {
            assert!(from_nanos(rubbish) <= Instant::now());
        }
    }
}

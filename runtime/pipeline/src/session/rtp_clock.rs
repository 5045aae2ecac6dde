//! RTP timestamps as presentation times.

use std::time::Duration;

/// Ticks a second of the RTP clock of video (RFC 3551 §5).
const RATE: i64 = 90_000;

/// Unwraps 32-bit RTP timestamps; time 0 is the first one.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: Option<u32>,
    ticks: i64,
}

impl Clock {
    /// Presentation time of `timestamp`. Never before 0; steps back over less than half the range are followed.
    pub(crate) fn pts(&mut self, timestamp: u32) -> Duration {
        if let Some(last) = self.last {
            self.ticks += i64::from(timestamp.wrapping_sub(last) as i32);
        }
        self.last = Some(timestamp);
        let ticks = self.ticks.max(0) as u64;
        Duration::from_micros(ticks * 100 / (RATE as u64 / 10_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrap_is_a_step_like_any_other() {
        let mut clock = Clock::default();
        let start = u32::MAX - 2999;
        for i in 0..100u32 {
            let expected = Duration::from_micros(u64::from(i) * 100_000 / 3);
            let pts = clock.pts(start.wrapping_add(3000 * i));
            assert!(pts.abs_diff(expected) <= Duration::from_micros(1), "{pts:?} is not {expected:?}");
        }
    }

    #[test]
    fn time_never_goes_below_zero() {
        let mut clock = Clock::default();
        clock.pts(90_000);
        assert_eq!(clock.pts(0), Duration::ZERO);
        assert_eq!(clock.pts(180_000), Duration::from_secs(1));
    }
}

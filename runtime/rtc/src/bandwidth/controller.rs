//! A bit rate from the loss that the viewer reports. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

/// Loss below which the rate grows.
const LOW_LOSS: f32 = 0.02;
/// Loss above which the rate is reduced. Between the two it stays: wireless networks lose that much at any rate.
const HIGH_LOSS: f32 = 0.10;
/// Growth in a second without loss, as a part of the rate.
const GROWTH: f64 = 0.08;
/// Least time between two reductions: a report is of the time before the last reduction took effect.
const SETTLING: Duration = Duration::from_millis(400);
/// Smaller changes are not reported, as a part of the rate.
const MIN_CHANGE: f64 = 0.03;

/// Follows the loss, between a floor and a cap.
#[derive(Clone, Debug)]
pub struct Controller {
    /// Current rate, b/s.
    rate: f64,
    /// Lowest rate, b/s.
    floor: f64,
    /// Highest rate, b/s.
    cap: f64,
    /// The rate that was returned last, b/s.
    reported: u32,
    last_report: Option<Instant>,
    last_reduction: Option<Instant>,
}

impl Controller {
    /// A controller that starts at `start` and stays within `floor` and `cap`, all in b/s.
    pub fn new(start: u32, floor: u32, cap: u32) -> Self {
        let floor = floor.min(cap);
        let rate = start.clamp(floor, cap);
        Self {
            rate: rate.into(),
            floor: floor.into(),
            cap: cap.into(),
            reported: rate,
            last_report: None,
            last_reduction: None,
        }
    }

    /// The current rate, b/s.
    pub fn rate(&self) -> u32 {
        self.rate as u32
    }

    /// Takes a report of the viewer: the part of the packets that it lost since its last report, 0 to 1. Returns the rate when
    /// it changed enough for the encoder to follow.
    pub fn report(&mut self, now: Instant, loss: f32) -> Option<u32> {
        let elapsed = self.last_report.map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        self.last_report = Some(now);
        if loss > HIGH_LOSS {
            if self.last_reduction.is_none_or(|last| now >= last + SETTLING) {
                self.last_reduction = Some(now);
                self.rate *= 1.0 - 0.5 * f64::from(loss.min(1.0));
            }
        } else if loss < LOW_LOSS {
            // A report after a long silence is no evidence for all that time.
            self.rate *= 1.0 + GROWTH * elapsed.as_secs_f64().min(1.0);
        }
        self.rate = self.rate.clamp(self.floor, self.cap);
        let (rate, reported) = (self.rate, f64::from(self.reported));
        let is_at_limit = rate == self.cap || rate == self.floor;
        if (rate - reported).abs() < reported * MIN_CHANGE && !(is_at_limit && self.rate() != self.reported) {
            return None;
        }
        self.reported = self.rate();
        Some(self.reported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(controller: &mut Controller, reports: &[(u64, f32)]) -> u32 {
        let start = Instant::now();
        for (ms, loss) in reports {
            controller.report(start + Duration::from_millis(*ms), *loss);
        }
        controller.rate()
    }

    #[test]
    fn the_rate_follows_the_loss() {
        let second = |loss: f32, count: u64| (0..=count).map(|at| (at * 1000, loss)).collect::<Vec<_>>();
        for (name, reports, low, high) in [
            ("no loss grows", second(0.0, 5), 1_450_000, 1_500_000),
            ("up to the cap", second(0.0, 100), 2_000_000, 2_000_000),
            ("some loss stays", second(0.05, 100), 1_000_000, 1_000_000),
            ("much loss falls", second(0.2, 2), 720_000, 730_000),
            ("down to the floor", second(1.0, 100), 100_000, 100_000),
            ("reports in a row count once", vec![(0, 0.5), (1, 0.5), (2, 0.5)], 750_000, 750_000),
            ("silence is no evidence", vec![(0, 0.0), (60_000, 0.0)], 1_080_000, 1_080_000),
        ] {
            let rate = after(&mut Controller::new(1_000_000, 100_000, 2_000_000), &reports);
            assert!((low..=high).contains(&rate), "{name}: {rate}");
        }
    }

    #[test]
    fn small_changes_are_not_reported_but_the_limits_are_reached() {
        let (start, mut controller) = (Instant::now(), Controller::new(1_990_000, 100_000, 2_000_000));
        assert_eq!(controller.report(start, 0.0), None);
        assert_eq!(controller.report(start + Duration::from_millis(10), 0.0), None);
        assert_eq!(controller.report(start + Duration::from_secs(2), 0.0), Some(2_000_000));
        assert_eq!(controller.report(start + Duration::from_secs(3), 0.0), None);
    }

    #[test]
    fn a_start_outside_the_limits_is_corrected() {
        assert_eq!(Controller::new(9, 100, 50).rate(), 50);
        assert_eq!(Controller::new(900, 10, 50).rate(), 50);
    }
}

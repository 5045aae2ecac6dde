//! What the path carries, from the loss that the viewer reports. Has no clock: `now` comes in.

use std::time::{Duration, Instant};

/// Below this much loss there is room for more.
const LITTLE: f32 = 0.02;
/// Above this much loss the path is full. Between the two the rate stays: wireless paths lose that much at any rate.
const MUCH: f32 = 0.10;
/// Growth in a second without loss.
const GROWTH: f64 = 0.08;
/// Least time between two reductions: a report tells of the time before the last one took effect.
const SETTLING: Duration = Duration::from_millis(400);

/// Follows the loss between a floor and a cap.
#[derive(Clone, Debug)]
pub struct Controller {
    rate: f64,
    floor: f64,
    cap: f64,
    told: u32,
    heard: Option<Instant>,
    reduced: Option<Instant>,
}

impl Controller {
    /// Starts at `start`, stays within `floor` and `cap`, all in b/s.
    pub fn new(start: u32, floor: u32, cap: u32) -> Self {
        let floor = floor.min(cap);
        let rate = start.clamp(floor, cap);
        Self { rate: rate.into(), floor: floor.into(), cap: cap.into(), told: rate, heard: None, reduced: None }
    }

    /// The rate, b/s.
    pub fn rate(&self) -> u32 {
        self.rate as u32
    }

    /// The viewer lost this part of the packets (0 to 1) since its last report. Returns the rate when it changed by so much
    /// that the encoder should know.
    pub fn report(&mut self, now: Instant, lost: f32) -> Option<u32> {
        let elapsed = self.heard.map_or(Duration::ZERO, |heard| now.saturating_duration_since(heard));
        self.heard = Some(now);
        if lost > MUCH {
            if self.reduced.is_none_or(|reduced| now >= reduced + SETTLING) {
                self.reduced = Some(now);
                self.rate *= 1.0 - 0.5 * f64::from(lost.min(1.0));
            }
        } else if lost < LITTLE {
            // A report that comes after a long silence does not tell of all that time.
            self.rate *= 1.0 + GROWTH * elapsed.as_secs_f64().min(1.0);
        }
        self.rate = self.rate.clamp(self.floor, self.cap);
        let (rate, told) = (self.rate, f64::from(self.told));
        let at_an_end = rate == self.cap || rate == self.floor;
        if (rate - told).abs() < told * 0.03 && !(at_an_end && self.rate() != self.told) {
            return None;
        }
        self.told = self.rate();
        Some(self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(controller: &mut Controller, reports: &[(u64, f32)]) -> u32 {
        let start = Instant::now();
        for (ms, lost) in reports {
            controller.report(start + Duration::from_millis(*ms), *lost);
        }
        controller.rate()
    }

    #[test]
    fn loss_decides() {
        let second = |lost: f32, count: u64| (0..=count).map(|at| (at * 1000, lost)).collect::<Vec<_>>();
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
    fn small_changes_are_kept_to_itself_but_the_ends_are_reached() {
        let (start, mut controller) = (Instant::now(), Controller::new(1_990_000, 100_000, 2_000_000));
        assert_eq!(controller.report(start, 0.0), None);
        assert_eq!(controller.report(start + Duration::from_millis(10), 0.0), None);
        assert_eq!(controller.report(start + Duration::from_secs(2), 0.0), Some(2_000_000));
        assert_eq!(controller.report(start + Duration::from_secs(3), 0.0), None);
    }

    #[test]
    fn a_wrong_start_is_corrected() {
        assert_eq!(Controller::new(9, 100, 50).rate(), 50);
        assert_eq!(Controller::new(900, 10, 50).rate(), 50);
    }
}

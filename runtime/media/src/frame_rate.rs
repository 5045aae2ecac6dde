//! Estimates the frame rate of a stream from presentation times.

use std::time::Duration;

/// Weight of a new interval in the mean.
const WEIGHT: f64 = 0.1;
/// Factor by which the estimate has to differ from the reported rate before it is reported again.
const TOLERANCE: f32 = 1.25;
/// Range that encoders accept, frames per second.
const RANGE: (f32, f32) = (1.0, 60.0);

/// Estimates the frame rate, so that the encoder distributes its bit rate over the pictures that arrive in a second: those of
/// a slow handler may be larger than those of a fast one.
pub(crate) struct Estimator {
    last: Option<Duration>,
    /// Mean interval, seconds.
    interval: f64,
    /// Rate that was reported last, frames per second.
    reported: f32,
}

impl Estimator {
    /// Starts with an expected rate of `fps` frames per second.
    pub(crate) fn new(fps: f32) -> Self {
        let reported = if fps.is_nan() { 30.0 } else { fps.clamp(RANGE.0, RANGE.1) };
        Self { last: None, interval: 1.0 / f64::from(reported), reported }
    }

    /// Returns the rate that was reported last, frames per second.
    pub(crate) fn fps(&self) -> f32 {
        self.reported
    }

    /// Returns the mean interval between two pictures, within the range that encoders accept.
    #[cfg(vpx)]
    pub(crate) fn interval(&self) -> Duration {
        Duration::from_secs_f64(self.interval.clamp(1.0 / f64::from(RANGE.1), 1.0 / f64::from(RANGE.0)))
    }

    /// Observes the time of the next picture. Returns the rate in frames per second if it has changed noticeably.
    pub(crate) fn observe(&mut self, pts: Duration) -> Option<f32> {
        let gap = pts.saturating_sub(self.last.replace(pts)?).as_secs_f64();
        if gap == 0.0 {
            return None;
        }
        // A pause is one long interval, not a slow stream: it must not be followed by a burst of large pictures.
        self.interval += (gap.min(2.0 * self.interval) - self.interval) * WEIGHT;
        let fps = ((1.0 / self.interval) as f32).clamp(RANGE.0, RANGE.1);
        if fps < self.reported * TOLERANCE && self.reported < fps * TOLERANCE {
            return None;
        }
        self.reported = fps;
        Some(fps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Observes pictures at `fps` for `seconds` from `start` on, and returns the reported rate.
    fn run(estimator: &mut Estimator, start: f64, fps: f64, seconds: f64) -> f32 {
        for frame in 0..(fps * seconds) as u32 {
            estimator.observe(Duration::from_secs_f64(start + f64::from(frame) / fps));
        }
        estimator.fps()
    }

    #[test]
    fn the_estimate_follows_the_stream() {
        for (expected, real) in [(30.0, 10.0), (30.0, 60.0), (30.0, 4.0), (15.0, 30.0)] {
            let fps = run(&mut Estimator::new(expected), 1.0, real, 15.0);
            assert!((fps / real as f32 - 1.0).abs() < 0.25, "{real}: {fps}");
        }
    }

    #[test]
    fn jitter_pauses_and_odd_times_do_not_change_the_rate() {
        let mut estimator = Estimator::new(30.0);
        let mut pts = 0.0;
        for frame in 0..300 {
            pts += [0.020, 0.046, 0.033, 0.040, 0.027][frame % 5] + if frame == 150 { 5.0 } else { 0.0 };
            assert_eq!(estimator.observe(Duration::from_secs_f64(pts)), None, "frame {frame}");
        }
        for pts in [pts, pts, 0.0] {
            assert_eq!(estimator.observe(Duration::from_secs_f64(pts)), None);
        }
    }

    #[test]
    fn expected_rates_are_clamped() {
        for (fps, clamped) in [(0.0, 1.0), (-1.0, 1.0), (f32::NAN, 30.0), (f32::INFINITY, 60.0), (25.0, 25.0)] {
            assert_eq!(Estimator::new(fps).fps(), clamped);
        }
    }
}

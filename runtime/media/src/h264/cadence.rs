//! How often pictures come, from their times.

use std::time::Duration;

/// What a new interval weighs in the mean.
const WEIGHT: f64 = 0.1;
/// How far the mean may go from what was told before it is told anew.
const TOLERANCE: f32 = 1.25;
/// What OpenH264 takes, frames a second.
const RANGE: (f32, f32) = (1.0, 60.0);

/// Follows the rate of a stream, so that its bits a second are shared out among the pictures that come in a second: a
/// slow handler's pictures may be larger than a fast one's.
pub(super) struct Cadence {
    last: Option<Duration>,
    /// Mean, seconds.
    interval: f64,
    /// Frames a second that the encoder was told.
    told: f32,
}

impl Cadence {
    /// Expects `fps` pictures a second.
    pub(super) fn new(fps: f32) -> Self {
        let told = if fps.is_nan() { 30.0 } else { fps.clamp(RANGE.0, RANGE.1) };
        Self { last: None, interval: 1.0 / f64::from(told), told }
    }

    /// Frames a second that the encoder was told last.
    pub(super) fn fps(&self) -> f32 {
        self.told
    }

    /// Takes the time of the next picture. Some: the frames a second that the encoder is to be told.
    pub(super) fn observe(&mut self, pts: Duration) -> Option<f32> {
        let gap = pts.saturating_sub(self.last.replace(pts)?).as_secs_f64();
        if gap == 0.0 {
            return None;
        }
        // A pause is one long interval, not a slow stream: after it a burst of large pictures must not follow.
        self.interval += (gap.min(2.0 * self.interval) - self.interval) * WEIGHT;
        let fps = ((1.0 / self.interval) as f32).clamp(RANGE.0, RANGE.1);
        if fps < self.told * TOLERANCE && self.told < fps * TOLERANCE {
            return None;
        }
        self.told = fps;
        Some(fps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures at `fps` for `seconds`, from `start` on; what was told last.
    fn run(cadence: &mut Cadence, start: f64, fps: f64, seconds: f64) -> f32 {
        for frame in 0..(fps * seconds) as u32 {
            cadence.observe(Duration::from_secs_f64(start + f64::from(frame) / fps));
        }
        cadence.fps()
    }

    #[test]
    fn the_rate_follows_the_stream() {
        for (expected, real) in [(30.0, 10.0), (30.0, 60.0), (30.0, 4.0), (15.0, 30.0)] {
            let fps = run(&mut Cadence::new(expected), 1.0, real, 15.0);
            assert!((fps / real as f32 - 1.0).abs() < 0.25, "{real}: {fps}");
        }
    }

    #[test]
    fn jitter_pauses_and_odd_times_change_nothing() {
        let mut cadence = Cadence::new(30.0);
        let mut pts = 0.0;
        for frame in 0..300 {
            pts += [0.020, 0.046, 0.033, 0.040, 0.027][frame % 5] + if frame == 150 { 5.0 } else { 0.0 };
            assert_eq!(cadence.observe(Duration::from_secs_f64(pts)), None, "frame {frame}");
        }
        for pts in [pts, pts, 0.0] {
            assert_eq!(cadence.observe(Duration::from_secs_f64(pts)), None);
        }
    }

    #[test]
    fn what_is_expected_is_brought_into_range() {
        for (fps, taken) in [(0.0, 1.0), (-1.0, 1.0), (f32::NAN, 30.0), (f32::INFINITY, 60.0), (25.0, 25.0)] {
            assert_eq!(Cadence::new(fps).fps(), taken);
        }
    }
}

//! Corrects an encoder that makes more, or less, than it was asked for. Has no clock: frames bring their presentation times.

use std::time::Duration;

/// What was exceeded is made up for in this time.
const REPAYMENT: f64 = 0.8;
/// Bounds of what is asked for, as parts of the rate that is wanted.
const BOUNDS: (f64, f64) = (0.5, 1.04);
/// What is owed at most, seconds of the wanted rate: a keyframe is not made up for by a second of mud.
const MAX_DEBT: f64 = 0.4;
/// What is saved at most: after a still scene no burst follows.
const MAX_CREDIT: f64 = 0.05;
/// Part of a keyframe that counts: it is large, and seldom.
const KEYFRAME_SHARE: f64 = 0.5;
/// The encoder is asked again when what is asked for differs by this part.
const MIN_CHANGE: f64 = 0.03;

/// Keeps account of what was made and what was wanted.
#[derive(Debug, Default)]
pub struct Overshoot {
    /// Bits beyond what was wanted.
    debt: f64,
    last: Option<Duration>,
    asked: f64,
}

impl Overshoot {
    /// The bit rate to ask the encoder for, so that it makes `wanted`, both in b/s.
    pub fn ask(&mut self, wanted: u32) -> u32 {
        let wanted = f64::from(wanted).max(1.0);
        let owed = self.debt / (wanted * REPAYMENT);
        let rate = wanted * (1.0 - owed).clamp(BOUNDS.0, BOUNDS.1);
        if (rate - self.asked).abs() > MIN_CHANGE * self.asked {
            self.asked = rate;
        }
        self.asked as u32
    }

    /// Takes a frame that was made at `pts` while `wanted` b/s were.
    pub fn encoded(&mut self, pts: Duration, bytes: usize, keyframe: bool, wanted: u32) {
        let wanted = f64::from(wanted).max(1.0);
        let elapsed = self.last.replace(pts).map_or(0.0, |last| pts.saturating_sub(last).as_secs_f64().min(0.2));
        let bits = bytes as f64 * 8.0 * if keyframe { KEYFRAME_SHARE } else { 1.0 };
        self.debt = (self.debt + bits - wanted * elapsed).clamp(-MAX_CREDIT * wanted, MAX_DEBT * wanted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rate of an encoder that makes `factor` times what it is asked for.
    fn rate(factor: f64, wanted: u32) -> f64 {
        let (mut overshoot, mut bytes) = (Overshoot::default(), 0);
        for frame in 0..300u64 {
            let asked = overshoot.ask(wanted);
            let size = (f64::from(asked) * factor / 8.0 / 30.0) as usize;
            overshoot.encoded(Duration::from_micros(frame * 33_333), size, false, wanted);
            bytes += if frame < 90 { 0 } else { size };
        }
        bytes as f64 * 8.0 / 7.0
    }

    #[test]
    fn an_encoder_that_exceeds_its_rate_is_brought_back() {
        for (factor, expected) in [(1.0, 1e6), (1.1, 1e6), (1.5, 1e6), (0.98, 1e6), (0.5, 0.52e6)] {
            let rate = rate(factor, 1_000_000);
            assert!((rate / expected - 1.0).abs() < 0.04, "{factor}: {rate}");
        }
    }

    #[test]
    fn a_keyframe_and_a_pause_are_soon_forgotten() {
        let mut overshoot = Overshoot::default();
        overshoot.encoded(Duration::ZERO, 40_000, true, 1_000_000);
        assert!(overshoot.ask(1_000_000) < 900_000);
        for frame in 1..45 {
            let asked = overshoot.ask(1_000_000) as usize;
            overshoot.encoded(Duration::from_millis(frame * 33), asked / 240, false, 1_000_000);
        }
        assert!(overshoot.ask(1_000_000) > 950_000);
        overshoot.encoded(Duration::from_secs(3600), 0, false, 1_000_000);
        assert!(overshoot.ask(1_000_000) <= 1_040_000);
    }
}

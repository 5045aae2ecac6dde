//! Frame rates as fractions, so that times do not drift.

/// A frame rate: `frames` in `seconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Number of frames.
    pub frames: u32,
    /// Time of that many frames, s.
    pub seconds: u32,
}

impl Rate {
    /// The rate of a usual camera.
    pub const DEFAULT: Self = Self { frames: 30, seconds: 1 };

    /// Returns the rate that a rounded number stands for, such as 30000 frames in 1001 seconds for 29.97; `None` if the number is
    /// not a rate.
    pub fn near(fps: f32) -> Option<Self> {
        if !(0.01..=1000.0).contains(&fps) {
            return None;
        }
        let fps = f64::from(fps);
        let whole = fps.round().max(1.0);
        let is_near = |value: f64| (fps - value).abs() < 0.002;
        Some(if is_near(whole) {
            Self { frames: whole as u32, seconds: 1 }
        } else if is_near(whole * 1000.0 / 1001.0) {
            Self { frames: whole as u32 * 1000, seconds: 1001 }
        } else {
            Self { frames: (fps * 1000.0).round().max(1.0) as u32, seconds: 1000 }
        })
    }

    /// Returns the presentation time of frame `number`, µs.
    pub fn pts_us(self, number: u64) -> i64 {
        let us = u128::from(number) * u128::from(self.seconds) * 1_000_000 / u128::from(self.frames.max(1));
        i64::try_from(us).unwrap_or(i64::MAX)
    }

    /// Returns the frames per second.
    pub fn fps(self) -> f32 {
        self.frames as f32 / self.seconds as f32
    }
}

/// Parses `--fps`.
///
/// # Errors
/// Says which rates are valid.
pub(crate) fn parse(text: &str) -> Result<Rate, String> {
    let fps = text.parse::<f32>().ok().filter(|fps| (0.1..=240.0).contains(fps));
    fps.and_then(Rate::near).ok_or_else(|| "expected frames per second, from 0.1 to 240".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_rates_become_exact_fractions() {
        for (fps, frames, seconds) in [
            (30.0, 30, 1),
            (29.97, 30_000, 1001),
            (59.94, 60_000, 1001),
            (23.976, 24_000, 1001),
            (12.5, 12_500, 1000),
            (0.5, 500, 1000),
        ] {
            assert_eq!(Rate::near(fps), Some(Rate { frames, seconds }), "{fps}");
        }
        assert_eq!((Rate::near(0.0), Rate::near(f32::NAN), Rate::near(1e9)), (None, None, None));
        assert_eq!(Rate::near(29.97).unwrap().pts_us(30_000), 1_001_000_000, "no drift");
        assert!(parse("0").is_err() && parse("x").is_err() && parse("25").is_ok());
    }
}

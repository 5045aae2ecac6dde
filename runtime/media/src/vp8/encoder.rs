//! Encodes VP8.

use std::time::Duration;

use framebox_picture::{Planes, Size};

use super::library::LibraryEncoder;
use crate::Error;
use crate::encode::{Encoded, Settings, coded_size};
use crate::frame_rate::Estimator;

/// Minimum bit rate, bits per second.
const MIN_BITRATE: u32 = 10_000;
/// Maximum bit rate, bits per second: libvpx counts bits in 32 bits.
const MAX_BITRATE: u32 = 100_000_000;

/// A VP8 encoder.
pub struct Encoder {
    /// None before the first picture, and after libvpx has failed.
    sized: Option<SizedEncoder>,
    /// Bits per second.
    bitrate: u32,
    /// Upper bound of the bit rate, bits per second.
    max_bitrate: u32,
    frame_rate: Estimator,
}

/// An encoder of libvpx for pictures of one size.
struct SizedEncoder {
    library: LibraryEncoder,
    size: Size,
    /// Time of the next picture by the estimated frame rate, µs. libvpx takes the rate from the interval between two pictures,
    /// and would follow jitter.
    next: i64,
}

impl Encoder {
    /// Creates an encoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] if the library does not start.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let max_bitrate = settings.max_bitrate.clamp(MIN_BITRATE, MAX_BITRATE);
        let bitrate = settings.bitrate.clamp(MIN_BITRATE, max_bitrate);
        Ok(Self { sized: None, bitrate, max_bitrate, frame_rate: Estimator::new(settings.fps) })
    }

    fn kilobits(&self) -> u32 {
        self.bitrate / 1000
    }
}

/// Returns a quantiser index on H.264's scale: the one whose step is as large, relative to a transform that keeps lengths.
fn quantizer(index: u8) -> u8 {
    // The steps of coefficients other than the first (RFC 6386 §14.1), piecewise linear.
    let step = match i32::from(index) {
        index @ ..=54 => index + 4,
        index @ 55..=83 => 60 + (index - 55) * 2,
        index @ 84..=102 => 119 + (index - 84) * 3,
        index @ 103..=116 => 177 + (index - 103) * 4,
        index => 234 + (index - 117) * 5,
    };
    // VP8's transform doubles lengths; H.264's steps double every six quantisers, from 0.625 on.
    (6.0 * (step as f32 / 2.0 / 0.625).log2()).round().clamp(0.0, 51.0) as u8
}

impl crate::Encoder for Encoder {
    fn encode(
        &mut self,
        picture: Planes<'_>,
        pts: Duration,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, Error> {
        let size = coded_size(picture.size)?;
        self.frame_rate.observe(pts);
        let mut sized = match self.sized.take().filter(|old| old.size == size) {
            Some(sized) => sized,
            None => SizedEncoder { library: LibraryEncoder::open(size, self.kilobits())?, size, next: 0 },
        };
        let interval = self.frame_rate.interval().as_micros() as u32;
        let time = (sized.next, interval);
        sized.next += i64::from(interval);
        let (keyframe, index) = sized.library.encode(&picture, size, time, keyframe, out)?;
        self.sized = Some(sized);
        Ok(Encoded { keyframe, quantizer: quantizer(index) })
    }

    fn set_bitrate(&mut self, bits_per_second: u32) {
        let before = self.kilobits();
        self.bitrate = bits_per_second.clamp(MIN_BITRATE, self.max_bitrate);
        let bitrate = self.kilobits();
        if bitrate != before
            && let Some(sized) = &mut self.sized
            && let Err(error) = sized.library.set_bitrate(bitrate)
        {
            tracing::warn!(%error, bitrate, "the bit rate could not be changed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::library::MAX_QUANTIZER;
    use super::quantizer;

    #[test]
    fn coarser_quantisers_are_coarser_on_h264s_scale() {
        let all: Vec<u8> = (0..=MAX_QUANTIZER).map(quantizer).collect();
        assert!(all.is_sorted());
        assert_eq!((all[0], all[16], all[127]), (10, 24, 47));
    }
}

//! Pictures to access units.

use std::time::Duration;

use framebox_picture::Planes;

use crate::Error;

/// How a stream is encoded.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bit rate at the start, bits a second.
    pub bitrate: u32,
    /// Highest bit rate, bits a second.
    pub max_bitrate: u32,
    /// Rate at which pictures are expected at the start, frames a second; later their times tell.
    pub fps: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { bitrate: 1_500_000, max_bitrate: 2_500_000, fps: 30.0 }
    }
}

/// What came out of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Decodable without any earlier one.
    pub keyframe: bool,
}

/// Encodes one stream.
pub trait Encoder: Send {
    /// Appends one access unit to `out`; nothing when the picture was left out to keep the bit rate. `pts` is the time
    /// since the stream began. The first picture, one of another size than the last, and one with `keyframe` become
    /// keyframes. A side of odd length loses its last row or column.
    ///
    /// # Errors
    /// [`Error::Size`] or [`Error::Codec`]; `out` is then as it was, and the next picture becomes a keyframe.
    fn encode(
        &mut self,
        picture: Planes<'_>,
        pts: Duration,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, Error>;

    /// Changes the bit rate, bits a second; at least 10 000, at most the highest of the settings.
    fn set_bitrate(&mut self, bits_per_second: u32);
}

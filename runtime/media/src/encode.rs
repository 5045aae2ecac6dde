//! The encoder trait.

use std::time::Duration;

use framebox_picture::{Planes, Size};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Minimum side, pixels.
const MIN_SIDE: u32 = 16;
/// Maximum of the longer side, pixels.
const MAX_LONG_SIDE: u32 = 3840;
/// Maximum of the shorter side, pixels.
const MAX_SHORT_SIDE: u32 = 2160;

/// Returns whether pictures of this size can be encoded, with whatever codec.
pub fn is_possible(size: Size) -> bool {
    let (width, height) = (size.width & !1, size.height & !1);
    (MIN_SIDE..=MAX_SHORT_SIDE).contains(&width.min(height)) && width.max(height) <= MAX_LONG_SIDE
}

/// The size at which a picture is coded: a side of odd length loses its last row or column.
///
/// # Errors
/// [`Error::Size`] if pictures of this size cannot be encoded.
pub(crate) fn coded_size(size: Size) -> Result<Size, Error> {
    if is_possible(size) { Ok(Size::new(size.width & !1, size.height & !1)) } else { Err(Error::Size(size)) }
}

/// Settings of an encoder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Initial bit rate, bits per second.
    pub bitrate: u32,
    /// Maximum bit rate, bits per second.
    pub max_bitrate: u32,
    /// Expected frame rate, frames per second. The encoder later estimates it from presentation times.
    pub fps: f32,
    /// The largest part of a picture that its viewers take in one packet, bytes: pictures are cut into slices which are not longer. `None`
    /// where packets may hold fragments, which costs fewer bits. Only codecs whose payload format has such viewers heed it: H.264.
    pub max_unit_bytes: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { bitrate: 1_500_000, max_bitrate: 2_500_000, fps: 30.0, max_unit_bytes: None }
    }
}

/// Describes an encoded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Whether it can be decoded without any earlier one.
    pub keyframe: bool,
    /// How coarse it is, on H.264's scale: 0 is the finest quantiser, 51 the coarsest.
    pub quantizer: u8,
}

/// Encodes one stream.
pub trait Encoder: Send {
    /// Appends one access unit to `out`, or nothing if the picture was dropped to keep the bit rate. `pts` is the time since
    /// the stream began. The first picture, one of another size than the previous one, and one with `keyframe` become
    /// keyframes. A side of odd length loses its last row or column.
    ///
    /// # Errors
    /// [`Error::Size`] or [`Error::Codec`]. `out` is unchanged and the next picture becomes a keyframe.
    fn encode(
        &mut self,
        picture: Planes<'_>,
        pts: Duration,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, Error>;

    /// Changes the bit rate, bits per second. It is clamped to 10 000 and the maximum in the settings.
    fn set_bitrate(&mut self, bits_per_second: u32);
}

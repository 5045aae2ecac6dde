//! The decoder trait.

use framebox_picture::{Coded, Size};

use crate::Error;

/// Reference frames of the largest picture: what H.264 allows 1080p at level 4 (ITU-T H.264, table A-1).
const REFERENCES: u64 = 4;
/// Pictures that codecs hold beside the reference frames: those that they work on, and those of the encoder.
const WORKING: u64 = 12;
/// Side of a macroblock, pixels: coded pictures consist of whole ones.
const BLOCK: u32 = 16;

/// Settings of a decoder: bounds on what a stream makes it hold, at 1.5 bytes a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Largest coded picture, pixels.
    pub max_pixels: u64,
    /// Most pixels of all reference frames together: smaller pictures may have more of them.
    pub max_reference_pixels: u64,
}

impl Settings {
    /// Allows pictures with as many pixels as one of `size`, in whole macroblocks, and four reference frames of that size;
    /// so every stream that keeps to its level fits if `size` is that level's largest.
    pub fn up_to(size: Size) -> Self {
        let whole = |side: u32| u64::from(side.div_ceil(BLOCK)) * u64::from(BLOCK);
        let max_pixels = whole(size.width) * whole(size.height);
        Self { max_pixels, max_reference_pixels: max_pixels * REFERENCES }
    }

    /// Returns the most memory that a stream within these bounds takes, bytes, its encoded results included.
    pub fn memory(&self) -> u64 {
        let pictures = self.max_reference_pixels.saturating_add(self.max_pixels.saturating_mul(WORKING));
        pictures.saturating_mul(3) / 2
    }

    /// Allows pictures of `max_pixels` with any number of reference frames: for files that the operator chose.
    pub fn any_references(max_pixels: u64) -> Self {
        Self { max_pixels, max_reference_pixels: u64::MAX }
    }
}

impl Default for Settings {
    /// Allows 1920 × 1080.
    fn default() -> Self {
        Self::up_to(Size::new(1920, 1080))
    }
}

/// Decodes one stream.
pub trait Decoder: Send {
    /// Decodes one access unit. Returns whether it resulted in a picture, which [`Decoder::picture`] returns until the next
    /// call.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::TooLarge`] or [`Error::TooManyReferences`]. Decoding continues with the next keyframe.
    fn decode(&mut self, access_unit: &[u8]) -> Result<bool, Error>;

    /// Ends the stream. Returns whether it resulted in a picture that was held back for reordering; each call returns one.
    /// Streams of cameras have none.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    fn flush(&mut self) -> Result<bool, Error>;

    /// Returns how many pictures it holds back to show them later (B-frames). Those of cameras have none.
    fn held(&mut self) -> usize {
        0
    }

    /// Returns the memory that the decoder takes for the stream so far, bytes.
    fn memory(&self) -> usize;

    /// Returns the picture of the last call, borrowed from the decoder, or none if that call had none. It is as it was coded,
    /// with what the stream says of how it is meant: [`Sampler::draw`](framebox_picture::sample::Sampler::draw) makes a
    /// picture of the house of it.
    fn picture(&self) -> Option<Coded<'_>>;
}

//! The decoder trait.

use framebox_picture::Planes;

use crate::Error;

/// Settings of a decoder.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Largest picture, pixels. A decoder holds up to 18 of them, at 1.5 bytes per pixel.
    pub max_pixels: u64,
}

impl Default for Settings {
    /// Allows 4096 × 2304 pixels, the largest pictures that clients are expected to send.
    fn default() -> Self {
        Self { max_pixels: 4096 * 2304 }
    }
}

/// Decodes one stream.
pub trait Decoder: Send {
    /// Decodes one access unit. Returns whether it resulted in a picture, which [`Decoder::picture`] returns until the next
    /// call.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::TooLarge`]. Decoding continues with the next keyframe.
    fn decode(&mut self, access_unit: &[u8]) -> Result<bool, Error>;

    /// Ends the stream. Returns whether it resulted in a picture that was held back for reordering; each call returns one.
    /// Streams of cameras have none.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    fn flush(&mut self) -> Result<bool, Error>;

    /// Returns the picture of the last call, borrowed from the decoder, or none if that call had none.
    fn picture(&self) -> Option<Planes<'_>>;
}

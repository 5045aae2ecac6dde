//! Access units to pictures.

use framebox_picture::Planes;

use crate::Error;

/// What is accepted of a stream.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The largest pictures, pixels. A decoder holds up to 18 of them, at 1.5 bytes a pixel.
    pub max_pixels: u64,
}

impl Default for Settings {
    /// 4096 × 2304 pixels, the largest pictures that clients are expected to send.
    fn default() -> Self {
        Self { max_pixels: 4096 * 2304 }
    }
}

/// Decodes one stream.
pub trait Decoder: Send {
    /// Decodes one access unit. True: a picture came out, and [`Decoder::picture`] gives it until the next call.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::TooLarge`]: decoding goes on with the next keyframe.
    fn decode(&mut self, access_unit: &[u8]) -> Result<bool, Error>;

    /// The stream is at its end: true while pictures that were held back to be put in order come out, one a call. A
    /// camera's streams have none.
    ///
    /// # Errors
    /// [`Error::Damaged`].
    fn flush(&mut self) -> Result<bool, Error>;

    /// The picture of the last call, where the decoder holds it. None when that call gave none.
    fn picture(&self) -> Option<Planes<'_>>;
}

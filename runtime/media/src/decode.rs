//! Access units to pictures.

use framebox_picture::Planes;

use crate::Error;

/// Decodes one stream.
pub trait Decoder: Send {
    /// Decodes one access unit. True: a picture came out, and [`Decoder::picture`] gives it until the next call.
    ///
    /// # Errors
    /// [`Error::Damaged`]: decoding goes on with the next keyframe.
    fn decode(&mut self, access_unit: &[u8]) -> Result<bool, Error>;

    /// The picture of the last call, where the decoder holds it. None when that call gave none.
    fn picture(&self) -> Option<Planes<'_>>;
}

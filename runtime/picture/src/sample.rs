//! A part of a picture, or a smaller copy of it, in a guest's format.

use crate::{Error, Format, Planes, Rect, Size};

/// Crops, scales and converts; keeps its buffers from call to call.
#[derive(Default)]
pub struct Sampler {}

impl Sampler {
    /// Writes the part `crop` of `planes`, scaled to `to`, as `format` into `out`, whose length must be `format.bytes(to)`.
    ///
    /// # Errors
    /// [`Error::Outside`], [`Error::Size`] or [`Error::Length`].
    pub fn sample(
        &mut self,
        _planes: Planes<'_>,
        _crop: Rect,
        _to: Size,
        _format: Format,
        _out: &mut [u8],
    ) -> Result<(), Error> {
        unimplemented!()
    }
}

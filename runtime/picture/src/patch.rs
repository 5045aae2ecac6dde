//! A rectangle of a picture overwritten.

use crate::{Error, Format, Picture, Rect};

/// Overwrites the rectangle `at` of `picture` with `data` in `format`. Alpha of RGBA blends over what is there.
///
/// # Errors
/// [`Error::Outside`] or [`Error::Length`]; the picture is then as it was.
pub fn patch(_picture: &mut Picture, _at: Rect, _format: Format, _data: &[u8]) -> Result<(), Error> {
    unimplemented!()
}

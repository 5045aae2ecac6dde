//! I420 to the formats of guests and back.

use crate::{Error, Format, Picture, Planes, Size};

/// Writes `planes` as `format` into `out`, whose length must be `format.bytes(planes.size)`.
///
/// # Errors
/// [`Error::Length`] when `out` has another length.
pub fn read(_planes: Planes<'_>, _format: Format, _out: &mut [u8]) -> Result<(), Error> {
    unimplemented!()
}

/// Makes `picture` the picture of `size` that `data` holds as `format`. Reuses the picture's allocation.
///
/// # Errors
/// [`Error::Size`] or [`Error::Length`]; the picture is then as it was.
pub fn write(_data: &[u8], _format: Format, _size: Size, _picture: &mut Picture) -> Result<(), Error> {
    unimplemented!()
}

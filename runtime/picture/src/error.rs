//! What can be wrong with a request for pixels.

use crate::{Format, Rect, Size};

/// Why pixels could not be read or written. The texts reach the author of a handler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A side is 0 or above [`Size::MAX_SIDE`].
    #[error("a picture of {0} is not possible: each side must be within 1 and {max} pixels", max = Size::MAX_SIDE)]
    Size(Size),
    /// The data's length does not belong to the size and format.
    #[error("{size} {format:?} takes {expected} bytes, not {actual}")]
    Length {
        /// Size of the picture.
        size: Size,
        /// Layout of the data.
        format: Format,
        /// Bytes that size and format ask for.
        expected: usize,
        /// Bytes that were given.
        actual: usize,
    },
    /// A rectangle has no area or lies outside the picture.
    #[error("the rectangle {}x{} at ({}, {}) does not lie within the picture of {size}", rect.width, rect.height, rect.x, rect.y)]
    Outside {
        /// What was asked for.
        rect: Rect,
        /// The picture.
        size: Size,
    },
}

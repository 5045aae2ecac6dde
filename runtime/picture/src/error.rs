//! The errors of operations on pixels.

use crate::{Format, MemoryLimitError, Rect, Size};

/// Why pixels could not be read or written. Handler authors see the messages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A side is 0 or larger than [`Size::MAX_SIDE`].
    #[error("a picture of {0} is not possible: each side must have 1 to {max} pixels", max = Size::MAX_SIDE)]
    Size(Size),
    /// The length of the data does not match the size and format.
    #[error("{size} {format:?} takes {expected} bytes, not {actual}")]
    Length {
        /// Size of the picture.
        size: Size,
        /// Layout of the data.
        format: Format,
        /// Bytes that size and format need.
        expected: usize,
        /// Bytes passed.
        actual: usize,
    },
    /// A rectangle has no area or lies outside the picture.
    #[error("the rectangle {}x{} at ({}, {}) does not lie within the picture of {size}", rect.width, rect.height, rect.x, rect.y)]
    Outside {
        /// The rectangle.
        rect: Rect,
        /// The picture.
        size: Size,
    },
    /// The picture's session has no memory left for it.
    #[error(transparent)]
    Memory(#[from] MemoryLimitError),
}

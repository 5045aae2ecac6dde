//! The pixel layouts that guests read and write.

use crate::Size;

/// How pixels lie in memory. Rows are not padded; planes follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// R, G, B, A; 4 bytes a pixel. Alpha is 255 when written by the host and ignored when read.
    Rgba8,
    /// R, G, B; 3 bytes a pixel.
    Rgb8,
    /// Full-range luma; 1 byte a pixel.
    Gray8,
    /// Y, then U, then V, the latter two at half width and height, rounded up.
    I420,
    /// Y, then U and V interleaved at half width and height, rounded up.
    Nv12,
}

impl Format {
    /// Bytes that a picture of `size` takes. Does not overflow for a valid size.
    pub const fn bytes(self, size: Size) -> usize {
        let pixels = size.pixels() as usize;
        match self {
            Self::Rgba8 => pixels * 4,
            Self::Rgb8 => pixels * 3,
            Self::Gray8 => pixels,
            Self::I420 | Self::Nv12 => pixels + 2 * size.chroma().pixels() as usize,
        }
    }
}

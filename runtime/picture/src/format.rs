//! The pixel formats that guests read and write.

use crate::Size;

/// The layout of pixels in memory. Rows are not padded; planes follow each other without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// R, G, B, A; 4 bytes per pixel. Alpha is 255 when written by the host and ignored when read.
    Rgba8,
    /// R, G, B; 3 bytes per pixel.
    Rgb8,
    /// Full-range luma; 1 byte per pixel.
    Gray8,
    /// Planes Y, U and V; U and V at half the width and height, rounded up.
    I420,
    /// Plane Y, then a plane of interleaved U and V at half the width and height, rounded up.
    Nv12,
}

impl Format {
    /// Returns the size of a picture in bytes. Does not overflow for a valid size.
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

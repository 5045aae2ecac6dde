//! Pictures in I420.

use crate::image::Picture;
use crate::raw::types::{PixelFormat, Size};

/// A picture in three planes: luma (Y, 16 black to 235 white), and chroma (U and V, 128 is gray) at half the width and half
/// the height, rounded up (BT.601, limited range). The format of the host, so nothing is converted.
#[derive(Clone, Debug)]
pub struct I420 {
    size: Size,
    bytes: Vec<u8>,
}

/// One plane of a picture.
pub struct Plane<'a> {
    /// Row after row, without padding.
    pub bytes: &'a mut [u8],
    /// Bytes in a row.
    pub width: usize,
}

impl I420 {
    /// Creates a picture from the bytes of Y, U and V; missing bytes are 0.
    pub fn new(size: Size, mut bytes: Vec<u8>) -> Self {
        let (width, height) = chroma(size);
        bytes.resize(size.width as usize * size.height as usize + 2 * width * height, 0);
        Self { size, bytes }
    }

    /// Changes the size; the pixels are unspecified. Free if the size is the same.
    pub fn resize(&mut self, size: Size) {
        if self.size != size {
            *self = Self::new(size, std::mem::take(&mut self.bytes));
        }
    }

    /// Returns width and height, pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns the bytes of Y, U and V.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns Y, U and V.
    pub fn planes(&mut self) -> [Plane<'_>; 3] {
        let (width, height) = chroma(self.size);
        let (y, rest) = self.bytes.split_at_mut(self.size.width as usize * self.size.height as usize);
        let (u, v) = rest.split_at_mut(width * height);
        [(y, self.size.width as usize), (u, width), (v, width)].map(|(bytes, width)| Plane { bytes, width })
    }
}

impl Default for I420 {
    /// Creates an empty picture.
    fn default() -> Self {
        Self::new(Size { width: 0, height: 0 }, Vec::new())
    }
}

/// Returns width and height of U and V.
fn chroma(size: Size) -> (usize, usize) {
    (size.width.div_ceil(2) as usize, size.height.div_ceil(2) as usize)
}

impl Picture for I420 {
    fn size(&self) -> Size {
        self.size
    }

    fn format(&self) -> PixelFormat {
        PixelFormat::I420
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Plane<'_> {
    /// Returns the rows from top to bottom.
    pub fn rows(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.bytes.chunks_exact_mut(self.width.max(1))
    }

    /// Mirrors left and right.
    pub fn mirror(&mut self) {
        self.rows().for_each(<[u8]>::reverse);
    }

    /// Mirrors top and bottom.
    pub fn upside_down(&mut self) {
        let width = self.width.max(1);
        let rows = self.bytes.len() / width;
        let (top, bottom) = self.bytes.split_at_mut(rows / 2 * width);
        for (a, b) in top.chunks_exact_mut(width).zip(bottom.rchunks_exact_mut(width)) {
            a.swap_with_slice(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_of_odd_sizes_are_rounded_up() {
        let mut picture = I420::new(Size { width: 5, height: 3 }, (0..27).collect());
        let [y, u, v] = picture.planes();
        assert_eq!((y.bytes.len(), u.bytes.len(), v.bytes.len()), (15, 6, 6));
        assert_eq!((y.width, u.width, v.bytes[0]), (5, 3, 21));
    }

    #[test]
    fn planes_are_mirrored() {
        let mut picture = I420::new(Size { width: 2, height: 3 }, vec![1, 2, 3, 4, 5, 6]);
        let [mut y, ..] = picture.planes();
        y.mirror();
        assert_eq!(y.bytes, [2, 1, 4, 3, 6, 5]);
        y.upside_down();
        assert_eq!(y.bytes, [6, 5, 4, 3, 2, 1], "the middle row stays");
    }

    #[test]
    fn an_empty_picture_is_valid() {
        let mut picture = I420::default();
        for mut plane in picture.planes() {
            plane.mirror();
            plane.upside_down();
        }
        picture.resize(Size { width: 4, height: 4 });
        assert_eq!(picture.bytes().len(), 24);
    }
}

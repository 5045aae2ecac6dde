//! Pictures in RGBA.

use crate::raw::types::{PixelFormat, Size};
use crate::{Color, pixel};

/// A picture that can be shown.
pub trait Picture {
    /// Width and height, pixels.
    fn size(&self) -> Size;
    /// The format of [`bytes`](Self::bytes).
    fn format(&self) -> PixelFormat;
    /// Its pixels, rows without padding.
    fn bytes(&self) -> &[u8];
}

/// A picture in RGBA, 4 bytes a pixel, rows without padding.
#[derive(Clone, Debug)]
pub struct Image {
    size: Size,
    bytes: Vec<u8>,
}

impl Image {
    /// Creates an image from bytes; missing pixels are transparent.
    pub fn new(size: Size, mut bytes: Vec<u8>) -> Self {
        bytes.resize(size.width as usize * size.height as usize * 4, 0);
        Self { size, bytes }
    }

    /// Creates an image of one colour.
    pub fn plain(size: Size, color: Color) -> Self {
        let mut image = Self::new(size, Vec::new());
        pixel::fill(&mut image.bytes, color.rgba());
        image
    }

    /// Creates a transparent image, to be drawn on and overlaid.
    pub fn clear(size: Size) -> Self {
        Self::new(size, Vec::new())
    }

    /// Returns width and height, pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns the bytes of all pixels: R, G, B, A.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the bytes of all pixels. [`pixel`] has fast functions for them.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Returns the bytes of all pixels: R, G, B, A.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns the bytes of a row; empty outside of the picture.
    pub fn row(&self, y: u32) -> &[u8] {
        let width = self.size.width as usize * 4;
        self.bytes.get(y as usize * width..).map_or(&[], |rest| &rest[..width.min(rest.len())])
    }

    /// Returns a pixel; `None` outside of the picture.
    pub fn get(&self, x: u32, y: u32) -> Option<[u8; 4]> {
        (x < self.size.width).then(|| self.row(y).as_chunks().0.get(x as usize).copied()).flatten()
    }

    /// Changes each pixel, given as `0xaabbggrr`: see [`pixel::map`].
    pub fn map(&mut self, change: impl Fn(u32) -> u32) {
        pixel::map(&mut self.bytes, change);
    }

    /// Changes each byte of red, green and blue; alpha is 255 then: see [`pixel::channels`].
    pub fn channels(&mut self, change: impl Fn(u8) -> u8) {
        pixel::channels(&mut self.bytes, change);
    }

    /// Mixes in a colour: strength 0 changes nothing, 256 replaces all.
    pub fn tint(&mut self, color: Color, strength: u16) {
        pixel::blend(&mut self.bytes, color.rgba(), strength);
    }

    /// Returns the brightness of each pixel, 0 black to 255 white: see [`pixel::luma`].
    pub fn luma(&self) -> Vec<u8> {
        pixel::luma(&self.bytes)
    }
}

impl Picture for Image {
    fn size(&self) -> Size {
        self.size
    }

    fn format(&self) -> PixelFormat {
        PixelFormat::Rgba8
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(feature = "image")]
mod buffer {
    use image::{ImageBuffer, Rgba, RgbaImage};

    use super::{Image, Size};

    impl From<Image> for RgbaImage {
        /// Converts without a copy.
        fn from(image: Image) -> Self {
            let Size { width, height } = image.size;
            // An image always holds as many bytes as its size needs.
            ImageBuffer::from_raw(width, height, image.bytes).unwrap_or_default()
        }
    }

    impl From<RgbaImage> for Image {
        /// Converts without a copy.
        fn from(buffer: RgbaImage) -> Self {
            let (width, height) = buffer.dimensions();
            Self::new(Size { width, height }, buffer.into_raw())
        }
    }

    impl Image {
        /// Returns a view for the crate `image`, without a copy.
        pub fn view(&self) -> Option<ImageBuffer<Rgba<u8>, &[u8]>> {
            ImageBuffer::from_raw(self.size.width, self.size.height, &self.bytes)
        }
    }

    #[test]
    fn there_and_back() {
        let image = Image::new(Size { width: 2, height: 1 }, vec![1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(image.view().unwrap().get_pixel(1, 0).0, [5, 6, 7, 8]);
        let buffer = RgbaImage::from(image.clone());
        assert_eq!(buffer.get_pixel(0, 0).0, [1, 2, 3, 4]);
        assert_eq!(Image::from(buffer).bytes(), image.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_holds_as_many_bytes_as_its_size_says() {
        let size = Size { width: 3, height: 2 };
        assert_eq!(Image::new(size, vec![9; 5]).bytes().len(), 24);
        assert_eq!(Image::new(size, vec![9; 50]).bytes().len(), 24);
        let image = Image::plain(size, Color::new(0x010203));
        assert_eq!(image.get(2, 1), Some([1, 2, 3, 255]));
        assert_eq!((image.get(3, 0), image.get(0, 2)), (None, None));
    }
}

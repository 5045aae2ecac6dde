//! Decodes images with the crate `image`, which returns RGBA.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use framebox_picture::{Format, Picture, Size, convert};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{
    AnimationDecoder, DynamicImage, Frame, Frames, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    RgbaImage,
};

use super::error::{Error, allowed};

/// Memory for decoding, per pixel of the largest allowed picture, bytes.
const BYTES_PER_PIXEL: u64 = 16;
/// Pictures with a delay up to this one are shown for [`DEFAULT_DELAY`], as in browsers.
const MIN_DELAY: Duration = Duration::from_millis(10);
const DEFAULT_DELAY: Duration = Duration::from_millis(100);
/// Maximum length of a library's message, characters.
const MAX_MESSAGE: usize = 160;

/// An image file in memory.
#[derive(Clone)]
pub(super) struct Image {
    pub(super) bytes: Arc<[u8]>,
    pub(super) format: ImageFormat,
    /// Largest picture, pixels.
    pub(super) max_pixels: u64,
}

impl Image {
    /// Returns whether the file may have several pictures. A GIF may turn out to have one.
    pub(super) fn is_animated(&self) -> Result<bool, Error> {
        match self.format {
            ImageFormat::Gif => Ok(true),
            ImageFormat::WebP => {
                WebPDecoder::new(self.reader()).map(|decoder| decoder.has_animation()).map_err(convert_error)
            }
            ImageFormat::Png => {
                let decoder = PngDecoder::with_limits(self.reader(), self.limits()).map_err(convert_error)?;
                decoder.is_apng().map_err(convert_error)
            }
            _ => Ok(false),
        }
    }

    /// Decodes a still image and applies its orientation.
    pub(super) fn still(&self) -> Result<RgbaImage, Error> {
        let mut reader = ImageReader::with_format(self.reader(), self.format);
        reader.limits(self.limits());
        let mut decoder = reader.into_decoder().map_err(convert_error)?;
        self.check(&decoder)?;
        let orientation = decoder.orientation().map_err(convert_error)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(convert_error)?;
        image.apply_orientation(orientation);
        Ok(image.into_rgba8())
    }

    /// Returns an iterator over the pictures of an animation.
    pub(super) fn frames(&self) -> Result<Frames<'static>, Error> {
        match self.format {
            ImageFormat::WebP => {
                let decoder = WebPDecoder::new(self.reader()).map_err(convert_error)?;
                self.check(&decoder)?;
                Ok(decoder.into_frames())
            }
            ImageFormat::Png => {
                let decoder = PngDecoder::with_limits(self.reader(), self.limits()).map_err(convert_error)?;
                self.check(&decoder)?;
                Ok(decoder.apng().map_err(convert_error)?.into_frames())
            }
            _ => {
                let mut decoder = GifDecoder::new(self.reader()).map_err(convert_error)?;
                self.check(&decoder)?;
                decoder.set_limits(self.limits()).map_err(convert_error)?;
                Ok(decoder.into_frames())
            }
        }
    }

    fn reader(&self) -> Cursor<Arc<[u8]>> {
        Cursor::new(self.bytes.clone())
    }

    fn limits(&self) -> Limits {
        let mut limits = Limits::no_limits();
        limits.max_image_width = Some(Size::MAX_SIDE);
        limits.max_image_height = Some(Size::MAX_SIDE);
        limits.max_alloc = Some(self.max_pixels.saturating_mul(BYTES_PER_PIXEL));
        limits
    }

    fn check(&self, decoder: &impl ImageDecoder) -> Result<(), Error> {
        let (width, height) = decoder.dimensions();
        allowed(Size::new(width, height), self.max_pixels).map(|_| ())
    }
}

/// Returns the duration of a picture.
pub(super) fn delay(frame: &Frame) -> Duration {
    let (numerator, denominator) = frame.delay().numer_denom_ms();
    let nanos = u64::from(numerator) * 1_000_000 / u64::from(denominator.max(1));
    Some(Duration::from_nanos(nanos)).filter(|delay| *delay > MIN_DELAY).unwrap_or(DEFAULT_DELAY)
}

/// Draws an image on black into `picture`.
pub(super) fn draw(mut image: RgbaImage, picture: &mut Picture) -> Result<(), framebox_picture::Error> {
    for pixel in image.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        if alpha < u8::MAX {
            let on_black = |colour: u8| ((u32::from(colour) * u32::from(alpha) + 127) / 255) as u8;
            pixel.0 = [on_black(red), on_black(green), on_black(blue), u8::MAX];
        }
    }
    let size = Size::new(image.width(), image.height());
    convert::write(image.as_raw(), Format::Rgba8, size, picture)
}

/// Converts an error of the crate `image`.
pub(super) fn convert_error(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => Error::Memory,
        ImageError::Unsupported(error) => Error::Unsupported(one_line(&error.to_string())),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Error::CutOff("its end"),
        error => Error::Broken(one_line(&error.to_string())),
    }
}

/// Returns a library's message as one line of bounded length.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_MESSAGE).collect()
}

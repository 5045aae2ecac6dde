//! Images by the crate `image`, which gives them as RGBA.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use framebox_picture::{Format, Picture, Size, convert};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{
    AnimationDecoder, DynamicImage, Frame, Frames, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    RgbaImage,
};

use super::Error;
use super::error::allowed;

/// Memory that decoding takes at most for each pixel of the largest picture that is allowed, bytes.
const MEMORY: u64 = 16;
/// Pictures shown no longer than this are shown for [`USUAL`], as browsers do.
const HASTY: Duration = Duration::from_millis(10);
const USUAL: Duration = Duration::from_millis(100);
/// The longest text of a library that is passed on, characters.
const LONGEST_TEXT: usize = 160;

/// An image file in memory.
#[derive(Clone)]
pub(super) struct Image {
    pub(super) bytes: Arc<[u8]>,
    pub(super) format: ImageFormat,
    /// The most pixels of a picture.
    pub(super) pixels: u64,
}

impl Image {
    /// True when it says that it has several pictures; those of a GIF may turn out to be one.
    pub(super) fn is_animated(&self) -> Result<bool, Error> {
        match self.format {
            ImageFormat::Gif => Ok(true),
            ImageFormat::WebP => WebPDecoder::new(self.reader()).map(|decoder| decoder.has_animation()).map_err(wrong),
            ImageFormat::Png => {
                let decoder = PngDecoder::with_limits(self.reader(), self.limits()).map_err(wrong)?;
                decoder.is_apng().map_err(wrong)
            }
            _ => Ok(false),
        }
    }

    /// The one picture of a still image, upright.
    pub(super) fn still(&self) -> Result<RgbaImage, Error> {
        let mut reader = ImageReader::with_format(self.reader(), self.format);
        reader.limits(self.limits());
        let mut decoder = reader.into_decoder().map_err(wrong)?;
        self.check(&decoder)?;
        let orientation = decoder.orientation().map_err(wrong)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(wrong)?;
        image.apply_orientation(orientation);
        Ok(image.into_rgba8())
    }

    /// The pictures of an animation.
    pub(super) fn frames(&self) -> Result<Frames<'static>, Error> {
        match self.format {
            ImageFormat::WebP => {
                let decoder = WebPDecoder::new(self.reader()).map_err(wrong)?;
                self.check(&decoder)?;
                Ok(decoder.into_frames())
            }
            ImageFormat::Png => {
                let decoder = PngDecoder::with_limits(self.reader(), self.limits()).map_err(wrong)?;
                self.check(&decoder)?;
                Ok(decoder.apng().map_err(wrong)?.into_frames())
            }
            _ => {
                let mut decoder = GifDecoder::new(self.reader()).map_err(wrong)?;
                self.check(&decoder)?;
                decoder.set_limits(self.limits()).map_err(wrong)?;
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
        limits.max_alloc = Some(self.pixels.saturating_mul(MEMORY));
        limits
    }

    fn check(&self, decoder: &impl ImageDecoder) -> Result<(), Error> {
        let (width, height) = decoder.dimensions();
        allowed(Size::new(width, height), self.pixels).map(|_| ())
    }
}

/// How long a picture is shown.
pub(super) fn delay(frame: &Frame) -> Duration {
    let (numerator, denominator) = frame.delay().numer_denom_ms();
    let nanos = u64::from(numerator) * 1_000_000 / u64::from(denominator.max(1));
    Some(Duration::from_nanos(nanos)).filter(|delay| *delay > HASTY).unwrap_or(USUAL)
}

/// Makes `picture` the image in front of black.
pub(super) fn draw(mut image: RgbaImage, picture: &mut Picture) -> Result<(), framebox_picture::Error> {
    for pixel in image.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        if alpha < u8::MAX {
            let over = |colour: u8| ((u32::from(colour) * u32::from(alpha) + 127) / 255) as u8;
            pixel.0 = [over(red), over(green), over(blue), u8::MAX];
        }
    }
    let size = Size::new(image.width(), image.height());
    convert::write(image.as_raw(), Format::Rgba8, size, picture)
}

pub(super) fn wrong(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => Error::Memory,
        ImageError::Unsupported(error) => Error::Unsupported(line(&error.to_string())),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Error::CutOff("its end"),
        error => Error::Broken(line(&error.to_string())),
    }
}

/// A library's text as a line of bounded length.
fn line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_TEXT).collect()
}

//! Pictures as JPEG and PNG files.

use framebox_picture::sample::Sampler;
use framebox_picture::{Format as Pixels, Planes, Rect, Size};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The least of the longer side that can be asked for, pixels.
const MIN_SIDE: u32 = 16;

/// Pixels of the largest PNG: it may have three bytes for each.
const MAX_PNG_PIXELS: u64 = 4 << 20;

/// The format of a still picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

impl Format {
    /// Its media type.
    pub const fn mime_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// Reports whether a file begins as one of this format does.
    pub fn is_of(self, file: &[u8]) -> bool {
        match self {
            Self::Jpeg => file.starts_with(&[0xff, 0xd8, 0xff]),
            Self::Png => file.starts_with(b"\x89PNG\r\n\x1a\n"),
        }
    }
}

/// How a picture becomes a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The file's format.
    pub format: Format,
    /// The longer side is made as short, pixels; `None`: as it is. Pictures are not enlarged.
    pub longest_side: Option<u32>,
    /// Quality of a JPEG, 1–100.
    pub quality: u8,
}

impl Snapshot {
    /// A good JPEG at full size.
    pub const JPEG: Self = Self { format: Format::Jpeg, longest_side: None, quality: 85 };

    /// Writes a picture.
    ///
    /// # Errors
    /// [`Error::Size`] if the picture has none; [`Error::Codec`] if it cannot be written.
    pub fn encode(&self, planes: Planes<'_>) -> Result<Vec<u8>, Error> {
        let size = self.size(planes.size);
        if !planes.size.is_valid() {
            return Err(Error::Size(planes.size));
        }
        let failed = |error: &dyn std::fmt::Display| Error::Codec(format!("a picture cannot be written: {error}"));
        let mut pixels = vec![0; Pixels::Rgb8.bytes(size)];
        let sampled = Sampler::default().sample(planes, Rect::whole(planes.size), size, Pixels::Rgb8, &mut pixels);
        sampled.map_err(|error| failed(&error))?;
        let mut file = Vec::new();
        let written =
            match self.format {
                Format::Jpeg => JpegEncoder::new_with_quality(&mut file, self.quality.clamp(1, 100)).write_image(
                    &pixels,
                    size.width,
                    size.height,
                    ExtendedColorType::Rgb8,
                ),
                Format::Png => PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Up)
                    .write_image(&pixels, size.width, size.height, ExtendedColorType::Rgb8),
            };
        written.map_err(|error| failed(&error))?;
        Ok(file)
    }

    /// Returns the size of the file's picture.
    fn size(&self, original: Size) -> Size {
        let longest = original.width.max(original.height);
        let mut side = self.longest_side.map_or(longest, |side| side.max(MIN_SIDE));
        if self.format == Format::Png && original.pixels() > MAX_PNG_PIXELS {
            let scale = (MAX_PNG_PIXELS as f64 / original.pixels() as f64).sqrt();
            side = side.min((f64::from(longest) * scale) as u32);
        }
        match side {
            side if side < longest => {
                let scaled = |length: u32| {
                    let scaled = (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
                    (scaled as u32).max(1)
                };
                Size::new(scaled(original.width), scaled(original.height))
            }
            _ => original,
        }
    }
}

#[cfg(test)]
mod tests {
    use framebox_picture::Picture;

    use super::*;

    /// A red left half, a green right half.
    fn picture(size: Size) -> Picture {
        let mut picture = Picture::black(size).unwrap();
        let (width, chroma) = (size.width as usize, size.chroma().width as usize);
        let (y, u, v) = picture.planes_mut();
        let halves = |plane: &mut [u8], width: usize, left: u8, right: u8| {
            for row in plane.chunks_mut(width) {
                let (first, second) = row.split_at_mut(width / 2);
                first.fill(left);
                second.fill(right);
            }
        };
        halves(y, width, 81, 145);
        halves(u, chroma, 90, 54);
        halves(v, chroma, 240, 34);
        picture
    }

    #[test]
    fn files_show_the_picture_at_the_size_that_was_asked_for() {
        for (size, longest_side, expected) in [
            (Size::new(64, 48), None, (64, 48)),
            (Size::new(64, 48), Some(32), (32, 24)),
            (Size::new(48, 64), Some(32), (24, 32)),
            (Size::new(64, 48), Some(640), (64, 48)),
            (Size::new(64, 48), Some(0), (16, 12)),
            (Size::new(641, 3), Some(32), (32, 1)),
            (Size::new(63, 47), None, (63, 47)),
        ] {
            for format in [Format::Jpeg, Format::Png] {
                let snapshot = Snapshot { format, longest_side, quality: 90 };
                let file = snapshot.encode(picture(size).planes()).unwrap();
                assert!(format.is_of(&file));
                let image = image::load_from_memory(&file).unwrap().into_rgb8();
                assert_eq!(image.dimensions(), expected, "{size} {snapshot:?}");
                let near = |x: u32, expected: [i32; 3]| {
                    let pixel = image.get_pixel(x, image.height() / 2).0.map(i32::from);
                    let is_near = pixel.iter().zip(expected).all(|(is, expected)| (is - expected).abs() < 16);
                    assert!(is_near, "{pixel:?} of {size} {snapshot:?}");
                };
                near(image.width() / 8, [255, 0, 0]);
                near(image.width() - 1 - image.width() / 8, [0, 255, 0]);
            }
        }
    }

    #[test]
    fn a_png_is_not_larger_than_what_may_be_sent() {
        for (size, bound) in
            [(Size::new(1920, 1080), 1920), (Size::new(3840, 2160), 2730), (Size::new(30, 16_000), 16_000)]
        {
            let png = Snapshot { format: Format::Png, ..Snapshot::JPEG };
            let side = png.size(size).width.max(png.size(size).height);
            assert_eq!(side, bound, "{size}");
            assert_eq!(Snapshot::JPEG.size(size), size);
        }
    }

    #[test]
    fn one_format_is_not_the_other() {
        for (format, other) in [(Format::Jpeg, Format::Png), (Format::Png, Format::Jpeg)] {
            let file = Snapshot { format, ..Snapshot::JPEG }.encode(picture(Size::new(16, 16)).planes()).unwrap();
            assert!(!other.is_of(&file) && !format.is_of(&file[..2]));
        }
    }
}

//! Opens files of any supported type.

use std::path::Path;

use image::ImageFormat;

use super::bounds::Bounds;
use super::error::Error;
use super::file::File;
use super::interface::Clip;
use super::{animation, mp4, rgba, still, y4m};

/// Opens a file. Its type is detected from its content. The first picture is decoded, so that a file that cannot be decoded
/// fails here.
///
/// # Errors
/// If the file cannot be read, is of an unknown type, is damaged or exceeds `bounds`.
pub fn open(path: &Path, bounds: &Bounds) -> Result<Box<dyn Clip>, Error> {
    decode(File::open(path, bounds)?, bounds)
}

/// Reads a file that is open, as [`open`] does.
///
/// # Errors
/// As those of [`open`].
pub fn read(file: std::fs::File, bounds: &Bounds) -> Result<Box<dyn Clip>, Error> {
    decode(File::of(file, bounds)?, bounds)
}

fn decode(file: File, bounds: &Bounds) -> Result<Box<dyn Clip>, Error> {
    let mut head = [0; 16];
    let length = file.read_some(0, &mut head)?;
    match &head[..length] {
        [b'Y', b'U', b'V', b'4', b'M', b'P', b'E', b'G', b'2', ..] => Ok(Box::new(y4m::Video::open(file, bounds)?)),
        [_, _, _, _, b'f', b't', b'y', b'p', ..]
        | [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [_, _, _, _, b'm', b'd', b'a', b't', ..]
        | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => Ok(Box::new(mp4::Video::open(file, bounds)?)),
        [0x89, b'P', b'N', b'G', ..] => image(file, bounds, ImageFormat::Png),
        [b'G', b'I', b'F', b'8', ..] => image(file, bounds, ImageFormat::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => image(file, bounds, ImageFormat::WebP),
        [0xff, 0xd8, 0xff, ..] => image(file, bounds, ImageFormat::Jpeg),
        [] => Err(Error::Broken("it is empty".into())),
        _ => Err(Error::Unknown),
    }
}

/// Opens a file that the crate `image` reads, as an animation if it has more than one picture.
fn image(file: File, bounds: &Bounds, format: ImageFormat) -> Result<Box<dyn Clip>, Error> {
    if file.length() > bounds.image_bytes {
        return Err(Error::TooMuch { what: "the size of an image in bytes", most: bounds.image_bytes });
    }
    let mut bytes = Vec::new();
    file.append(0, file.length() as usize, &mut bytes, "its end")?;
    let image = rgba::Image { bytes: bytes.into(), format, max_pixels: bounds.pixels };
    if image.is_animated()? {
        animation::Animation::open(image, bounds)
    } else {
        Ok(Box::new(still::Still::open(image)?))
    }
}

//! Photographs, from `tests/photographs`.

use std::path::Path;
use std::sync::Arc;

use framebox_picture::{Format, Picture, Size, convert};
use image::RgbImage;
use image::imageops::{self, FilterType};

/// The photograph `name`.
pub fn load(name: &str) -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/photographs").join(name).with_extension("jpg");
    image::open(path).unwrap().into_rgb8()
}

/// As a camera would give it.
pub fn picture(photograph: &RgbImage) -> Arc<Picture> {
    let size = Size::new(photograph.width(), photograph.height());
    let mut picture = Picture::black(size).unwrap();
    convert::write(photograph, Format::Rgb8, size, &mut picture).unwrap();
    picture.into()
}

/// Gray of a size, with photographs on it, each with its left and top.
pub fn placed(size: Size, photographs: &[(&RgbImage, u32, u32)]) -> RgbImage {
    let mut whole = RgbImage::from_pixel(size.width, size.height, image::Rgb([90; 3]));
    for (photograph, left, top) in photographs {
        imageops::replace(&mut whole, *photograph, i64::from(*left), i64::from(*top));
    }
    whole
}

pub fn cropped(photograph: &RgbImage, left: u32, top: u32, width: u32, height: u32) -> RgbImage {
    imageops::crop_imm(photograph, left, top, width, height).to_image()
}

pub fn scaled(photograph: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::resize(photograph, width, height, FilterType::Triangle)
}

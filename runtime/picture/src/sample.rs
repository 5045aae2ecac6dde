//! A part of a picture, or a smaller copy of it, in a guest's format.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::{Error, Format, Picture, Plane, Planes, Rect, Size, convert};

/// Crops, scales and converts; keeps its buffers from call to call.
#[derive(Default)]
pub struct Sampler {
    resizer: Resizer,
    scaled: Option<Picture>,
}

impl Sampler {
    /// Writes the part `crop` of `planes`, scaled to `to`, as `format` into `out`, whose length must be `format.bytes(to)`.
    ///
    /// # Errors
    /// [`Error::Outside`], [`Error::Size`] or [`Error::Length`].
    pub fn sample(
        &mut self,
        planes: Planes<'_>,
        crop: Rect,
        to: Size,
        format: Format,
        out: &mut [u8],
    ) -> Result<(), Error> {
        if !crop.is_within(planes.size) {
            return Err(Error::Outside { rect: crop, size: planes.size });
        }
        if !to.is_valid() {
            return Err(Error::Size(to));
        }
        if crop.size() == to {
            return convert::read(part(planes, crop), format, out);
        }
        if format == Format::Gray8 && out.len() == format.bytes(to) {
            // Luma alone is scaled, straight into place.
            resize(&mut self.resizer, planes.y, planes.size, crop, 1.0, to, out)?;
            for luma in out.iter_mut() {
                *luma = convert::luma_to_gray(*luma);
            }
            return Ok(());
        }
        let mut scaled = match self.scaled.take() {
            Some(scaled) => scaled,
            None => Picture::black(to)?,
        };
        let done = self.crop_and_scale(planes, crop, to, &mut scaled);
        let done = done.and_then(|()| convert::read(scaled.planes(), format, out));
        self.scaled = Some(scaled);
        done
    }

    /// Makes `picture` a copy of `planes`, scaled to `to`.
    ///
    /// # Errors
    /// [`Error::Size`].
    pub fn scale(&mut self, planes: Planes<'_>, to: Size, picture: &mut Picture) -> Result<(), Error> {
        self.crop_and_scale(planes, Rect::whole(planes.size), to, picture)
    }

    fn crop_and_scale(&mut self, planes: Planes<'_>, crop: Rect, to: Size, picture: &mut Picture) -> Result<(), Error> {
        picture.resize(to)?;
        let (from, from_chroma, to_chroma) = (planes.size, planes.size.chroma(), to.chroma());
        let (y, u, v) = picture.planes_mut();
        resize(&mut self.resizer, planes.y, from, crop, 1.0, to, y)?;
        resize(&mut self.resizer, planes.u, from_chroma, crop, 0.5, to_chroma, u)?;
        resize(&mut self.resizer, planes.v, from_chroma, crop, 0.5, to_chroma, v)
    }
}

/// The part `crop` of `planes`, borrowed. At odd offsets colours are those of the pixels half a colour sample earlier.
fn part(planes: Planes<'_>, crop: Rect) -> Planes<'_> {
    let offset = |plane: Plane<'_>, x: u32, y: u32| y as usize * plane.stride + x as usize;
    let (y, chroma) = (planes.y, |plane: Plane<'_>| offset(plane, crop.x / 2, crop.y / 2));
    Planes {
        size: crop.size(),
        y: Plane { data: &y.data[offset(y, crop.x, crop.y)..], stride: y.stride },
        u: Plane { data: &planes.u.data[chroma(planes.u)..], stride: planes.u.stride },
        v: Plane { data: &planes.v.data[chroma(planes.v)..], stride: planes.v.stride },
    }
}

/// Scales the part `crop` (in luma pixels; `factor` of it in this plane) of a plane of size `from`.
fn resize(
    resizer: &mut Resizer,
    plane: Plane<'_>,
    from: Size,
    crop: Rect,
    factor: f64,
    to: Size,
    out: &mut [u8],
) -> Result<(), Error> {
    // Padding counts as columns that no crop ever reaches; the last row may lack it.
    let rows = (plane.data.len() / plane.stride).min(from.height as usize);
    let source = match rows == from.height as usize {
        true => ImageRef::new(plane.stride as u32, from.height, &plane.data[..rows * plane.stride], PixelType::U8),
        false => return resize(resizer, unpadded(plane, from, &mut Vec::new()), from, crop, factor, to, out),
    }
    .map_err(|_| Error::Size(to))?;
    let mut target = Image::from_slice_u8(to.width, to.height, out, PixelType::U8).map_err(|_| Error::Size(to))?;
    let (left, top) = (f64::from(crop.x) * factor, f64::from(crop.y) * factor);
    let width = (f64::from(crop.width) * factor).min(f64::from(from.width) - left);
    let height = (f64::from(crop.height) * factor).min(f64::from(from.height) - top);
    let options =
        ResizeOptions::new().crop(left, top, width, height).resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    resizer.resize(&source, &mut target, &options).map_err(|_| Error::Size(to))
}

/// A copy of `plane` in `rows`, without padding.
fn unpadded<'a>(plane: Plane<'_>, size: Size, rows: &'a mut Vec<u8>) -> Plane<'a> {
    let width = size.width as usize;
    for row in 0..size.height as usize {
        rows.extend_from_slice(&plane.data[row * plane.stride..][..width]);
    }
    Plane { data: rows, stride: width }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Luma rises by two a column, the colours are flat.
    fn ramp(size: Size) -> Picture {
        let mut picture = Picture::black(size).unwrap();
        let (y, u, v) = picture.planes_mut();
        for row in y.chunks_mut(size.width as usize) {
            row.iter_mut().enumerate().for_each(|(x, luma)| *luma = 16 + 2 * x as u8);
        }
        u.fill(90);
        v.fill(200);
        picture
    }

    #[test]
    fn a_crop_at_its_own_size_is_exact() {
        let picture = ramp(Size::new(64, 48));
        let crop = Rect { x: 11, y: 7, width: 21, height: 9 };
        let mut out = vec![0; Format::I420.bytes(crop.size())];
        Sampler::default().sample(picture.planes(), crop, crop.size(), Format::I420, &mut out).unwrap();
        assert!(
            out[..21 * 9]
                .chunks(21)
                .all(|row| row.iter().enumerate().all(|(x, luma)| *luma == 16 + 2 * (x as u8 + 11)))
        );
        assert!(out[21 * 9..21 * 9 + 55].iter().all(|u| *u == 90));
        assert!(out[21 * 9 + 55..].iter().all(|v| *v == 200));
    }

    #[test]
    fn half_the_size_keeps_the_ramp() {
        let picture = ramp(Size::new(64, 48));
        let to = Size::new(32, 24);
        let mut scaled = Picture::black(to).unwrap();
        let mut sampler = Sampler::default();
        sampler.scale(picture.planes(), to, &mut scaled).unwrap();
        let (y, u, v) = scaled.planes_mut();
        for (x, luma) in y[..32].iter().enumerate().skip(1).take(30) {
            assert!(luma.abs_diff(17 + 4 * x as u8) <= 1, "column {x}: {luma}");
        }
        assert!(u.iter().all(|u| *u == 90) && v.iter().all(|v| *v == 200));
        let mut gray = vec![0; Format::Gray8.bytes(to)];
        sampler.sample(picture.planes(), Rect::whole(picture.size()), to, Format::Gray8, &mut gray).unwrap();
        assert!(gray.iter().zip(scaled.planes().y.data).all(|(gray, luma)| *gray == convert::luma_to_gray(*luma)));
    }

    #[test]
    fn what_is_not_possible_is_refused() {
        let picture = ramp(Size::new(8, 8));
        let mut sampler = Sampler::default();
        let rect = |x, y, width, height| Rect { x, y, width, height };
        for crop in [rect(0, 0, 0, 1), rect(1, 0, 8, 8), rect(u32::MAX, 0, 1, 1), rect(0, 8, 1, 1)] {
            let result = sampler.sample(picture.planes(), crop, Size::new(4, 4), Format::Gray8, &mut [0; 16]);
            assert!(matches!(result, Err(Error::Outside { .. })), "{crop:?}");
        }
        let whole = rect(0, 0, 8, 8);
        for to in [Size::new(0, 4), Size::new(100_000, 4)] {
            assert_eq!(sampler.sample(picture.planes(), whole, to, Format::Gray8, &mut []), Err(Error::Size(to)));
        }
        let short = sampler.sample(picture.planes(), whole, Size::new(4, 4), Format::Rgba8, &mut [0; 63]);
        assert!(matches!(short, Err(Error::Length { .. })));
        let short = sampler.sample(picture.planes(), whole, Size::new(4, 4), Format::Gray8, &mut [0; 15]);
        assert!(matches!(short, Err(Error::Length { .. })));
    }

    proptest! {
        #[test]
        fn any_crop_to_any_size_works(
            width in 1u32..40, height in 1u32..40,
            (x, y, w, h) in (0u32..40, 0u32..40, 1u32..40, 1u32..40),
            (to_width, to_height) in (1u32..60, 1u32..60),
        ) {
            let size = Size::new(width, height);
            let (x, y) = (x % width, y % height);
            let crop = Rect { x, y, width: w.min(width - x), height: h.min(height - y) };
            let picture = ramp(size);
            let to = Size::new(to_width, to_height);
            for format in [Format::Rgba8, Format::Gray8, Format::I420] {
                let mut out = vec![0; format.bytes(to)];
                Sampler::default().sample(picture.planes(), crop, to, format, &mut out).unwrap();
                if format == Format::I420 {
                    let (y, uv) = out.split_at(to.pixels() as usize);
                    let (low, high) = (16 + 2 * crop.x as u8, 16 + 2 * (crop.x + crop.width) as u8);
                    prop_assert!(y.iter().all(|luma| (low.saturating_sub(3)..=high + 3).contains(luma)));
                    prop_assert!(uv.iter().all(|c| [90, 200].contains(c)));
                }
            }
        }
    }
}

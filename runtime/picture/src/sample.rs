//! Crops, scales and converts pictures.

use fast_image_resize::images::{TypedCroppedImage, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::{Coded, Error, Format, Orientation, Picture, Plane, Planes, Rect, Size, convert};

/// Crops, scales and converts pictures, and reuses its buffers.
#[derive(Default)]
pub struct Sampler {
    scaler: Scaler,
    scaled: Option<Picture>,
}

impl Sampler {
    /// Writes the part `crop` of `planes`, scaled to `to`, as `format` into `out`, whose length must be `format.bytes(to)`.
    /// Pixels outside the crop have no influence, except for chroma samples that they share with pixels inside.
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
        convert::check_length(out.len(), format, to)?;
        if crop.size() == to {
            return convert::read(part(planes, crop), format, out);
        }
        match format {
            Format::Gray8 => {
                self.scaler.luma(planes, crop, to, out)?;
                for luma in out.iter_mut() {
                    *luma = convert::luma_to_gray(*luma);
                }
                Ok(())
            }
            Format::I420 => self.scaler.planes(planes, crop, to, out),
            _ => {
                let mut scaled = match self.scaled.take() {
                    Some(scaled) => scaled,
                    None => Picture::black(to)?,
                };
                let done = scaled
                    .resize(to)
                    .and_then(|()| self.scaler.planes(planes, crop, to, scaled.bytes_mut()))
                    .and_then(|()| convert::read(scaled.planes(), format, out));
                self.scaled = Some(scaled);
                done
            }
        }
    }

    /// Replaces `picture` with a copy of `planes`, scaled to `to`.
    ///
    /// # Errors
    /// [`Error::Size`].
    pub fn scale(&mut self, planes: Planes<'_>, to: Size, picture: &mut Picture) -> Result<(), Error> {
        if planes.size == to {
            return picture.copy_from(planes);
        }
        if !planes.size.is_valid() {
            return Err(Error::Size(planes.size));
        }
        picture.resize(to)?;
        self.scaler.planes(planes, Rect::whole(planes.size), to, picture.bytes_mut())
    }

    /// Replaces `picture` with what `coded` is meant to show, scaled to `to`: upright, and in BT.601, limited range.
    ///
    /// # Errors
    /// [`Error::Size`]; [`Error::Memory`].
    pub fn draw(&mut self, coded: Coded<'_>, to: Size, picture: &mut Picture) -> Result<(), Error> {
        let Coded { planes, colour, orientation, .. } = coded;
        // The size before it is turned.
        let lying = orientation.size(to);
        if planes.size == lying {
            return picture.draw(planes, colour, orientation);
        }
        if orientation == Orientation::UPRIGHT {
            self.scale(planes, to, picture)?;
            picture.convert_from(colour);
            return Ok(());
        }
        let mut scaled = match self.scaled.take() {
            Some(scaled) => scaled,
            None => Picture::black(Size::new(2, 2))?,
        };
        let done =
            self.scale(planes, lying, &mut scaled).and_then(|()| picture.draw(scaled.planes(), colour, orientation));
        self.scaled = Some(scaled);
        done
    }
}

/// Borrows the part `crop` of `planes`. At odd offsets the chroma is shifted by half a sample.
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

/// Scales planes, and reuses its buffers.
#[derive(Default)]
struct Scaler {
    resizer: Resizer,
    /// Copy of a plane whose last row has no padding.
    rows: Vec<u8>,
}

impl Scaler {
    /// Scales all planes to I420 in `out`.
    fn planes(&mut self, planes: Planes<'_>, crop: Rect, to: Size, out: &mut [u8]) -> Result<(), Error> {
        let (chroma, to_chroma) = (planes.size.chroma(), to.chroma());
        let (y, uv) = out.split_at_mut(to.pixels() as usize);
        let (u, v) = uv.split_at_mut(to_chroma.pixels() as usize);
        self.luma(planes, crop, to, y)?;
        self.plane(planes.u, Area::of_chroma(crop, chroma), to_chroma, u)?;
        self.plane(planes.v, Area::of_chroma(crop, chroma), to_chroma, v)
    }

    fn luma(&mut self, planes: Planes<'_>, crop: Rect, to: Size, out: &mut [u8]) -> Result<(), Error> {
        self.plane(planes.y, Area::of_luma(crop), to, out)
    }

    fn plane(&mut self, plane: Plane<'_>, area: Area, to: Size, out: &mut [u8]) -> Result<(), Error> {
        // No sample outside these columns and rows is read, in particular no padding.
        let (left, top) = (area.left.floor(), area.top.floor());
        let columns = (area.left + area.width).ceil() as u32 - left as u32;
        let rows = (area.top + area.height).ceil() as u32 - top as u32;
        let data = &plane.data[top as usize * plane.stride..];
        let stride = u32::try_from(plane.stride).map_err(|_| Error::Size(to))?;
        let source = match TypedImageRef::<U8>::from_buffer(stride, rows, data) {
            Ok(whole) => TypedCroppedImage::new(whole, left as u32, 0, columns, rows),
            Err(_) => {
                self.rows.clear();
                for row in data.chunks(plane.stride).take(rows as usize) {
                    self.rows.extend_from_slice(&row[left as usize..][..columns as usize]);
                }
                let copy = TypedImageRef::from_buffer(columns, rows, &self.rows).map_err(|_| Error::Size(to))?;
                TypedCroppedImage::new(copy, 0, 0, columns, rows)
            }
        }
        .map_err(|_| Error::Size(to))?;
        let mut target = TypedImage::<U8>::from_buffer(to.width, to.height, out).map_err(|_| Error::Size(to))?;
        let options = ResizeOptions::new()
            .crop(area.left - left, area.top - top, area.width, area.height)
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        // Typed for one kind of pixel: the untyped function would compile the code for all kinds.
        self.resizer.resize_typed(&source, &mut target, &options).map_err(|_| Error::Size(to))
    }
}

/// The area of a plane to scale, in samples.
#[derive(Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn of_luma(crop: Rect) -> Self {
        let [left, top, width, height] = [crop.x, crop.y, crop.width, crop.height].map(f64::from);
        Self { left, top, width, height }
    }

    /// Returns the area in chroma planes of `size`, whose samples each cover two columns and two rows.
    fn of_chroma(crop: Rect, size: Size) -> Self {
        let Self { left, top, width, height } = Self::of_luma(crop);
        let (left, top) = (left / 2.0, top / 2.0);
        let width = (width / 2.0).min(f64::from(size.width) - left);
        let height = (height / 2.0).min(f64::from(size.height) - top);
        Self { left, top, width, height }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A picture whose luma rises by two per column, with flat chroma.
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
    fn scaling_to_half_the_size_keeps_the_ramp() {
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
    fn invalid_crops_sizes_and_lengths_are_refused() {
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

    /// Returns the planes of `picture` with `pad` bytes of `of` after each row except the last.
    fn padded(picture: &Picture, pad: usize, of: u8) -> [Vec<u8>; 3] {
        let planes = picture.planes();
        [(planes.y, picture.size()), (planes.u, picture.size().chroma()), (planes.v, picture.size().chroma())].map(
            |(plane, size)| {
                let rows = plane.data.chunks(size.width as usize);
                let mut data = rows.flat_map(|row| [row, &vec![of; pad]].concat()).collect::<Vec<_>>();
                data.truncate(data.len() - pad);
                data
            },
        )
    }

    fn borrowed(data: &[Vec<u8>; 3], size: Size, pad: usize) -> Planes<'_> {
        let plane = |index: usize, size: Size| Plane { data: &data[index], stride: size.width as usize + pad };
        Planes { size, y: plane(0, size), u: plane(1, size.chroma()), v: plane(2, size.chroma()) }
    }

    #[test]
    fn pixels_outside_a_crop_do_not_bleed_into_it() {
        let size = Size::new(64, 48);
        let crop = Rect { x: 10, y: 6, width: 40, height: 30 };
        let inside = |x: usize, y: usize| (10..50).contains(&x) && (6..36).contains(&y);
        let mut picture = Picture::black(size).unwrap();
        let (y, u, v) = picture.planes_mut();
        y.iter_mut().enumerate().for_each(|(i, luma)| *luma = if inside(i % 64, i / 64) { 60 } else { 235 });
        for plane in [u, v] {
            let value = |i: usize| if inside(i % 32 * 2, i / 32 * 2) { 100 } else { 240 };
            plane.iter_mut().enumerate().for_each(|(i, chroma)| *chroma = value(i));
        }
        for to in [Size::new(20, 15), Size::new(13, 7), Size::new(80, 60), Size::new(41, 30)] {
            let mut out = vec![0; Format::I420.bytes(to)];
            Sampler::default().sample(picture.planes(), crop, to, Format::I420, &mut out).unwrap();
            let (y, uv) = out.split_at(to.pixels() as usize);
            assert!(y.iter().all(|luma| *luma == 60) && uv.iter().all(|chroma| *chroma == 100), "{to}");
        }
    }

    proptest! {
        #[test]
        fn padding_has_no_influence(
            width in 1u32..40, height in 1u32..40, pad in 1usize..9,
            (x, y, w, h) in (0u32..40, 0u32..40, 1u32..40, 1u32..40),
            (to_width, to_height, same) in (1u32..60, 1u32..60, any::<bool>()),
        ) {
            let size = Size::new(width, height);
            let (x, y) = (x % width, y % height);
            let crop = Rect { x, y, width: w.min(width - x), height: h.min(height - y) };
            let to = if same { crop.size() } else { Size::new(to_width, to_height) };
            let picture = ramp(size);
            let data = padded(&picture, pad, 255);
            let strided = borrowed(&data, size, pad);
            let mut sampler = Sampler::default();
            for format in [Format::Rgba8, Format::Rgb8, Format::Gray8, Format::I420, Format::Nv12] {
                let (mut tight, mut from_strided) = (vec![0; format.bytes(to)], vec![1; format.bytes(to)]);
                sampler.sample(picture.planes(), crop, to, format, &mut tight).unwrap();
                sampler.sample(strided, crop, to, format, &mut from_strided).unwrap();
                prop_assert_eq!(tight, from_strided, "{:?} of {:?}", format, crop);
            }
            let (mut tight, mut from_strided) = (Picture::black(to).unwrap(), Picture::black(to).unwrap());
            sampler.scale(picture.planes(), to, &mut tight).unwrap();
            sampler.scale(strided, to, &mut from_strided).unwrap();
            prop_assert_eq!(tight, from_strided);
        }

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

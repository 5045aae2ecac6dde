//! Converts I420 to the formats of guests and back.

use yuv::{
    BufferStoreMut, YuvConversionMode, YuvPlanarImage, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, rgb_to_yuv420,
    rgba_to_yuv420, yuv420_to_rgb, yuv420_to_rgba,
};

use crate::{Error, Format, Picture, Plane, Planes, Size};

const RANGE: YuvRange = YuvRange::Limited;
const MATRIX: YuvStandardMatrix = YuvStandardMatrix::Bt601;
const MODE: YuvConversionMode = YuvConversionMode::Balanced;

/// Writes `planes` as `format` into `out`, whose length must be `format.bytes(planes.size)`.
///
/// # Errors
/// [`Error::Length`] if `out` has another length.
pub fn read(planes: Planes<'_>, format: Format, out: &mut [u8]) -> Result<(), Error> {
    let size = planes.size;
    check_length(out.len(), format, size)?;
    match format {
        Format::Rgba8 => {
            return yuv420_to_rgba(&image(planes), out, size.width * 4, RANGE, MATRIX).map_err(|_| Error::Size(size));
        }
        Format::Rgb8 => {
            return yuv420_to_rgb(&image(planes), out, size.width * 3, RANGE, MATRIX).map_err(|_| Error::Size(size));
        }
        _ => {}
    }
    let luma = size.pixels() as usize;
    let chroma = size.chroma();
    let (y, uv) = out.split_at_mut(luma);
    match format {
        Format::Gray8 => rows(planes.y, size, y, |from, to| {
            for (to, from) in to.iter_mut().zip(from) {
                *to = luma_to_gray(*from);
            }
        }),
        Format::Nv12 => {
            rows(planes.y, size, y, |from, to| to.copy_from_slice(from));
            let width = chroma.width as usize;
            for (row, to) in uv.chunks_exact_mut(2 * width).enumerate() {
                let u = &planes.u.data[row * planes.u.stride..][..width];
                let v = &planes.v.data[row * planes.v.stride..][..width];
                for ((to, u), v) in to.chunks_exact_mut(2).zip(u).zip(v) {
                    (to[0], to[1]) = (*u, *v);
                }
            }
        }
        _ => {
            rows(planes.y, size, y, |from, to| to.copy_from_slice(from));
            let (u, v) = uv.split_at_mut(chroma.pixels() as usize);
            rows(planes.u, chroma, u, |from, to| to.copy_from_slice(from));
            rows(planes.v, chroma, v, |from, to| to.copy_from_slice(from));
        }
    }
    Ok(())
}

/// Replaces `picture` with the picture of `size` in `data`, whose format is `format`. Reuses the picture's allocation.
///
/// # Errors
/// [`Error::Size`] or [`Error::Length`]. The picture is unchanged.
pub fn write(data: &[u8], format: Format, size: Size, picture: &mut Picture) -> Result<(), Error> {
    if !size.is_valid() {
        return Err(Error::Size(size));
    }
    check_length(data.len(), format, size)?;
    picture.resize(size)?;
    let chroma = size.chroma();
    match format {
        Format::I420 => picture.bytes_mut().copy_from_slice(data),
        Format::Nv12 => {
            let (from_y, from_uv) = data.split_at(size.pixels() as usize);
            let (y, u, v) = picture.planes_mut();
            y.copy_from_slice(from_y);
            for ((from, u), v) in from_uv.chunks_exact(2).zip(u).zip(v) {
                (*u, *v) = (from[0], from[1]);
            }
        }
        Format::Gray8 => {
            let (y, u, v) = picture.planes_mut();
            for (to, from) in y.iter_mut().zip(data) {
                *to = gray_to_luma(*from);
            }
            u.fill(128);
            v.fill(128);
        }
        Format::Rgba8 | Format::Rgb8 => {
            let (y, u, v) = picture.planes_mut();
            let mut image = YuvPlanarImageMut {
                y_plane: BufferStoreMut::Borrowed(y),
                y_stride: size.width,
                u_plane: BufferStoreMut::Borrowed(u),
                u_stride: chroma.width,
                v_plane: BufferStoreMut::Borrowed(v),
                v_stride: chroma.width,
                width: size.width,
                height: size.height,
            };
            match format {
                Format::Rgba8 => rgba_to_yuv420(&mut image, data, size.width * 4, RANGE, MATRIX, MODE),
                _ => rgb_to_yuv420(&mut image, data, size.width * 3, RANGE, MATRIX, MODE),
            }
            .map_err(|_| Error::Size(size))?;
        }
    }
    Ok(())
}

/// Converts limited-range luma to full-range gray, rounded: 16 becomes 0, 235 becomes 255.
pub(crate) fn luma_to_gray(luma: u8) -> u8 {
    let above = u16::from(luma.saturating_sub(16));
    (above + ((above * 42 + 128) >> 8)).min(255) as u8
}

/// Converts full-range gray to limited-range luma, rounded.
pub(crate) fn gray_to_luma(gray: u8) -> u8 {
    (16 + ((u16::from(gray) * 220 + 128) >> 8)) as u8
}

/// Checks that a picture of `size` in `format` takes `actual` bytes.
pub(crate) fn check_length(actual: usize, format: Format, size: Size) -> Result<(), Error> {
    let expected = format.bytes(size);
    if actual == expected { Ok(()) } else { Err(Error::Length { size, format, expected, actual }) }
}

fn rows(from: Plane<'_>, size: Size, to: &mut [u8], each: impl Fn(&[u8], &mut [u8])) {
    let width = size.width as usize;
    for (row, to) in to.chunks_exact_mut(width).enumerate() {
        each(&from.data[row * from.stride..][..width], to);
    }
}

fn image<'a>(planes: Planes<'a>) -> YuvPlanarImage<'a, u8> {
    YuvPlanarImage {
        y_plane: planes.y.data,
        y_stride: planes.y.stride as u32,
        u_plane: planes.u.data,
        u_stride: planes.u.stride as u32,
        v_plane: planes.v.data,
        v_stride: planes.v.stride as u32,
        width: planes.size.width,
        height: planes.size.height,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORMATS: [Format; 5] = [Format::Rgba8, Format::Rgb8, Format::Gray8, Format::I420, Format::Nv12];

    fn picture(size: Size, of: impl Fn(usize) -> u8) -> Picture {
        let mut picture = Picture::black(size).unwrap();
        for (i, byte) in picture.bytes_mut().iter_mut().enumerate() {
            *byte = of(i);
        }
        picture
    }

    #[test]
    fn known_colours_are_converted() {
        // BT.601, limited range (ITU-R BT.601-7 §2.5.3).
        let table = [
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
            ([255, 0, 0], [81, 90, 240]),
            ([0, 255, 0], [145, 54, 34]),
            ([0, 0, 255], [41, 240, 110]),
        ];
        let size = Size::new(4, 4);
        for (rgb, yuv) in table {
            for (format, alpha) in [(Format::Rgb8, &[][..]), (Format::Rgba8, &[7][..])] {
                let pixel = [&rgb[..], alpha].concat();
                let mut out = Picture::black(size).unwrap();
                write(&pixel.repeat(16), format, size, &mut out).unwrap();
                let at = [out.bytes()[5], out.bytes()[17], out.bytes()[21]];
                assert!(at.iter().zip(yuv).all(|(a, b)| a.abs_diff(b) <= 1), "{format:?} {rgb:?}: {at:?}, not {yuv:?}");
                let mut back = vec![0; format.bytes(size)];
                read(out.planes(), format, &mut back).unwrap();
                assert!(
                    back[..3].iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 3),
                    "{rgb:?} came back as {:?}",
                    &back[..3]
                );
                assert!(format != Format::Rgba8 || back.chunks(4).all(|pixel| pixel[3] == 255));
            }
        }
    }

    #[test]
    fn gray_uses_its_full_range() {
        for (luma, gray) in [(0, 0), (16, 0), (126, 128), (235, 255), (255, 255)] {
            assert!(luma_to_gray(luma).abs_diff(gray) <= 1, "{luma}");
        }
        for gray in 0..=255 {
            assert!(luma_to_gray(gray_to_luma(gray)).abs_diff(gray) <= 1, "{gray}");
            assert!((16..=235).contains(&gray_to_luma(gray)));
        }
    }

    #[test]
    fn a_wrong_length_or_size_changes_nothing() {
        for format in FORMATS {
            let size = Size::new(7, 5);
            let mut target = picture(size, |i| i as u8);
            let before = target.clone();
            for wrong in [0, format.bytes(size) - 1, format.bytes(size) + 1] {
                assert!(matches!(write(&vec![0; wrong], format, size, &mut target), Err(Error::Length { .. })));
                assert!(matches!(read(before.planes(), format, &mut vec![0; wrong]), Err(Error::Length { .. })));
            }
            for size in [Size::new(0, 5), Size::new(5, 0), Size::new(100_000, 100_000), Size::new(u32::MAX, u32::MAX)] {
                assert_eq!(write(&[], format, size, &mut target), Err(Error::Size(size)));
            }
            assert_eq!(target, before);
        }
    }

    proptest! {
        #[test]
        fn planar_formats_round_trip_exactly_at_any_size(width in 1u32..40, height in 1u32..40, pad in 0usize..9, seed: u8) {
            let size = Size::new(width, height);
            let original = picture(size, |i| (i as u8).wrapping_mul(31).wrapping_add(seed));
            // The same picture with padded rows.
            let planes = original.planes();
            let padded = |plane: Plane<'_>, size: Size| -> Vec<u8> {
                plane.data.chunks(size.width as usize).flat_map(|row| [row, &vec![9; pad]].concat()).collect()
            };
            let (y, u, v) = (padded(planes.y, size), padded(planes.u, size.chroma()), padded(planes.v, size.chroma()));
            let plane = |data, size: Size| Plane { data, stride: size.width as usize + pad };
            let strided = Planes { size, y: plane(&y, size), u: plane(&u, size.chroma()), v: plane(&v, size.chroma()) };
            for format in FORMATS {
                let mut tight = vec![0; format.bytes(size)];
                let mut from_strided = tight.clone();
                read(planes, format, &mut tight).unwrap();
                read(strided, format, &mut from_strided).unwrap();
                prop_assert_eq!(&tight, &from_strided, "{:?}", format);
                let mut back = Picture::black(Size::new(1, 1)).unwrap();
                write(&tight, format, size, &mut back).unwrap();
                prop_assert_eq!(back.size(), size);
                if matches!(format, Format::I420 | Format::Nv12) {
                    prop_assert_eq!(back.bytes(), original.bytes());
                }
            }
            let mut copy = Picture::black(Size::new(3, 3)).unwrap();
            copy.copy_from(strided).unwrap();
            prop_assert_eq!(copy, original);
        }

        #[test]
        fn flat_colours_survive_rgb_at_any_size(width in 1u32..40, height in 1u32..40, rgb: [u8; 3]) {
            let size = Size::new(width, height);
            let data = rgb.repeat(size.pixels() as usize);
            let mut yuv = Picture::black(size).unwrap();
            write(&data, Format::Rgb8, size, &mut yuv).unwrap();
            let mut back = vec![0; data.len()];
            read(yuv.planes(), Format::Rgb8, &mut back).unwrap();
            for (a, b) in data.iter().zip(&back) {
                prop_assert!(a.abs_diff(*b) <= 5, "{:?} came back as {:?}", rgb, &back[..3]);
            }
        }
    }
}

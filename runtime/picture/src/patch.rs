//! Overwrites a rectangle of a picture.

use crate::convert::{self, gray_to_luma};
use crate::{Error, Format, Picture, Rect, Size};

/// A pixel to blend over another: luma, chroma, and opacity (0–255).
#[derive(Clone, Copy)]
struct Ink {
    y: u8,
    u: u8,
    v: u8,
    alpha: u8,
}

/// Overwrites the rectangle `at` of `picture` with `data` in `format`. RGBA is blended by its alpha. A chroma sample that is
/// partly covered becomes the weighted mean of the old and the new colours.
///
/// # Errors
/// [`Error::Outside`] or [`Error::Length`]. The picture is unchanged.
pub fn patch(picture: &mut Picture, at: Rect, format: Format, data: &[u8]) -> Result<(), Error> {
    let size = picture.size();
    if !at.is_within(size) {
        return Err(Error::Outside { rect: at, size });
    }
    let expected = format.bytes(at.size());
    if data.len() != expected {
        return Err(Error::Length { size: at.size(), format, expected, actual: data.len() });
    }
    let (width, pixels) = (at.width as usize, at.size().pixels() as usize);
    let chroma = at.size().chroma();
    let (columns, samples) = (chroma.width as usize, chroma.pixels() as usize);
    // The part that can be written by rows: opaque colours whose samples, or rows of pixels, align with the picture's.
    let inner = inner(at, size).filter(|inner| match format {
        Format::I420 | Format::Nv12 => (inner.x, inner.y) == (at.x, at.y),
        Format::Rgba8 | Format::Rgb8 => (inner.x, inner.width) == (at.x, at.width),
        Format::Gray8 => false,
    });
    match format {
        Format::Rgba8 => {
            let opaque = data.chunks_exact(4).all(|pixel| pixel[3] == 255);
            let inner = inner.filter(|_| opaque);
            convert_rows(picture, at, inner, format, data)?;
            around(at, inner, |part| {
                blend(picture, at, part, |x, y| match pixel(data, y * width + x) {
                    [_, _, _, 0] => Ink { y: 0, u: 0, v: 0, alpha: 0 },
                    [r, g, b, alpha] => Ink { alpha, ..ink(r, g, b) },
                });
            });
        }
        Format::Rgb8 => {
            convert_rows(picture, at, inner, format, data)?;
            around(at, inner, |part| {
                blend(picture, at, part, |x, y| {
                    let [r, g, b] = pixel(data, y * width + x);
                    ink(r, g, b)
                });
            });
        }
        Format::Gray8 => {
            blend(picture, at, at, |x, y| Ink { y: gray_to_luma(data[y * width + x]), u: 128, v: 128, alpha: 255 });
        }
        Format::I420 => {
            if let Some(inner) = inner {
                copy(picture, inner, data, (width, columns), |cell, u, v| {
                    u.copy_from_slice(&data[pixels + cell..][..u.len()]);
                    v.copy_from_slice(&data[pixels + samples + cell..][..v.len()]);
                });
            }
            around(at, inner, |part| {
                blend(picture, at, part, |x, y| {
                    let sample = pixels + y / 2 * columns + x / 2;
                    Ink { y: data[y * width + x], u: data[sample], v: data[sample + samples], alpha: 255 }
                });
            });
        }
        Format::Nv12 => {
            if let Some(inner) = inner {
                copy(picture, inner, data, (width, columns), |cell, u, v| {
                    let from = data[pixels + 2 * cell..].chunks_exact(2);
                    for ((from, u), v) in from.zip(u).zip(v) {
                        (*u, *v) = (from[0], from[1]);
                    }
                });
            }
            around(at, inner, |part| {
                blend(picture, at, part, |x, y| {
                    let sample = pixels + 2 * (y / 2 * columns + x / 2);
                    Ink { y: data[y * width + x], u: data[sample], v: data[sample + 1], alpha: 255 }
                });
            });
        }
    }
    Ok(())
}

/// Returns the part of `at` whose chroma samples cover no pixels outside `at`, if there is one.
fn inner(at: Rect, size: Size) -> Option<Rect> {
    let end = |end: u32, whole: u32| if end == whole { end } else { end & !1 };
    let (x, y) = (at.x.next_multiple_of(2), at.y.next_multiple_of(2));
    let width = end(at.x + at.width, size.width).checked_sub(x).filter(|width| *width > 0)?;
    let height = end(at.y + at.height, size.height).checked_sub(y).filter(|height| *height > 0)?;
    Some(Rect { x, y, width, height })
}

/// Calls `part` with the parts of `at` around `inner`, or with all of `at` if there is no inner part.
fn around(at: Rect, inner: Option<Rect>, mut part: impl FnMut(Rect)) {
    let Some(inner) = inner else { return part(at) };
    let (right, bottom) = (inner.x + inner.width, inner.y + inner.height);
    let above = Rect { height: inner.y - at.y, ..at };
    let below = Rect { y: bottom, height: at.y + at.height - bottom, ..at };
    let left = Rect { x: at.x, width: inner.x - at.x, ..inner };
    let beside = Rect { x: right, width: at.x + at.width - right, ..inner };
    [above, below, left, beside].into_iter().filter(|part| part.width > 0 && part.height > 0).for_each(part);
}

/// Writes the part `inner` from `data`, which holds opaque RGBA or RGB for all of `at`. Converts into another picture first:
/// the crate `yuv` omits the last rows of planes and pixels that end without padding.
fn convert_rows(
    picture: &mut Picture,
    at: Rect,
    inner: Option<Rect>,
    format: Format,
    data: &[u8],
) -> Result<(), Error> {
    let Some(inner) = inner else { return Ok(()) };
    let row = format.bytes(Size::new(at.width, 1));
    let rows = &data[(inner.y - at.y) as usize * row..][..inner.height as usize * row];
    let mut converted = Picture::black(inner.size())?;
    convert::write(rows, format, inner.size(), &mut converted)?;
    let planes = converted.planes();
    copy(picture, inner, planes.y.data, (planes.y.stride, planes.u.stride), |cell, u, v| {
        u.copy_from_slice(&planes.u.data[cell..][..u.len()]);
        v.copy_from_slice(&planes.v.data[cell..][..v.len()]);
    });
    Ok(())
}

/// Copies rows of planes into the rectangle `to`, which begins at an even pixel. `widths` are the lengths of the source's luma
/// and chroma rows. `chroma` copies a row of chroma samples, given the index of its first sample.
fn copy(
    picture: &mut Picture,
    to: Rect,
    luma: &[u8],
    widths: (usize, usize),
    chroma: impl Fn(usize, &mut [u8], &mut [u8]),
) {
    let size = picture.size();
    let (stride, chroma_stride) = (size.width as usize, size.chroma().width as usize);
    let (x, y, part) = (to.x as usize, to.y as usize, to.size().chroma());
    let (y_plane, u, v) = picture.planes_mut();
    for row in 0..to.height as usize {
        let length = to.width as usize;
        y_plane[(y + row) * stride + x..][..length].copy_from_slice(&luma[row * widths.0..][..length]);
    }
    for row in 0..part.height as usize {
        let (at, length) = ((y / 2 + row) * chroma_stride + x / 2, part.width as usize);
        chroma(row * widths.1, &mut u[at..][..length], &mut v[at..][..length]);
    }
}

/// Blends `ink(x, y)`, with coordinates relative to `at`, over the part `part` of `at`. No chroma sample may cover pixels of
/// `at` outside `part`.
fn blend(picture: &mut Picture, at: Rect, part: Rect, ink: impl Fn(usize, usize) -> Ink) {
    let size = picture.size();
    let (stride, chroma_stride) = (size.width as usize, size.chroma().width as usize);
    let (left, top) = (part.x as usize, part.y as usize);
    let (right, bottom) = (left + part.width as usize, top + part.height as usize);
    let (luma, u, v) = picture.planes_mut();
    for cell_y in top / 2..bottom.div_ceil(2) {
        for cell_x in left / 2..right.div_ceil(2) {
            // Pixels of this chroma sample that are within the picture; those within the part are blended.
            let (x0, x1) = (2 * cell_x, (2 * cell_x + 2).min(size.width as usize));
            let (y0, y1) = (2 * cell_y, (2 * cell_y + 2).min(size.height as usize));
            let (mut new_u, mut new_v, mut covered) = (0, 0, 0);
            for y in y0.max(top)..y1.min(bottom) {
                for x in x0.max(left)..x1.min(right) {
                    let ink = ink(x - at.x as usize, y - at.y as usize);
                    let alpha = u32::from(ink.alpha);
                    let luma = &mut luma[y * stride + x];
                    *luma = mix(*luma, ink.y, ink.alpha);
                    new_u += alpha * u32::from(ink.u);
                    new_v += alpha * u32::from(ink.v);
                    covered += alpha;
                }
            }
            if covered == 0 {
                continue;
            }
            let all = ((x1 - x0) * (y1 - y0)) as u32 * 255;
            let sample = cell_y * chroma_stride + cell_x;
            let mix_chroma = |old: u8, new: u32| ((new + (all - covered) * u32::from(old) + all / 2) / all) as u8;
            u[sample] = mix_chroma(u[sample], new_u);
            v[sample] = mix_chroma(v[sample], new_v);
        }
    }
}

fn pixel<const N: usize>(data: &[u8], index: usize) -> [u8; N] {
    let mut pixel = [0; N];
    pixel.copy_from_slice(&data[index * N..][..N]);
    pixel
}

fn mix(old: u8, new: u8, alpha: u8) -> u8 {
    let alpha = u32::from(alpha);
    ((u32::from(new) * alpha + u32::from(old) * (255 - alpha) + 127) / 255) as u8
}

/// Converts an opaque colour to YUV (ITU-R BT.601-7 §2.5.3, limited range, in 8-bit fixed point).
fn ink(r: u8, g: u8, b: u8) -> Ink {
    let [r, g, b] = [i32::from(r), i32::from(g), i32::from(b)];
    Ink {
        y: (((66 * r + 129 * g + 25 * b + 128) >> 8) + 16) as u8,
        u: (((112 * b - 38 * r - 74 * g + 128) >> 8) + 128) as u8,
        v: (((112 * r - 94 * g - 18 * b + 128) >> 8) + 128) as u8,
        alpha: 255,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORMATS: [Format; 5] = [Format::Rgba8, Format::Rgb8, Format::Gray8, Format::I420, Format::Nv12];

    fn noise(size: Size) -> Picture {
        let mut picture = Picture::black(size).unwrap();
        picture.bytes_mut().iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 37 % 251) as u8);
        picture
    }

    #[test]
    fn a_patch_of_the_whole_picture_equals_a_conversion() {
        let size = Size::new(17, 9);
        for format in FORMATS {
            let data: Vec<u8> = (0..format.bytes(size)).map(|i| (i / 50 * 40) as u8 | 0x03).collect();
            let data = match format {
                Format::Rgba8 => data.chunks(4).flat_map(|p| [p[0], p[1], p[2], 255]).collect(),
                _ => data,
            };
            let (mut patched, mut converted) = (noise(size), noise(size));
            patch(&mut patched, Rect::whole(size), format, &data).unwrap();
            convert::write(&data, format, size, &mut converted).unwrap();
            for (i, (a, b)) in patched.bytes().iter().zip(converted.bytes()).enumerate() {
                assert!(a.abs_diff(*b) <= 3, "{format:?}, byte {i}: {a}, not {b}");
            }
        }
    }

    #[test]
    fn alpha_blends() {
        let size = Size::new(4, 4);
        let at = Rect { x: 0, y: 0, width: 2, height: 2 };
        for (alpha, luma) in [(0, 16), (128, 126), (255, 235)] {
            let mut picture = Picture::black(size).unwrap();
            patch(&mut picture, at, Format::Rgba8, &[255, 255, 255, alpha].repeat(4)).unwrap();
            assert!(picture.bytes()[0].abs_diff(luma) <= 1, "alpha {alpha}: {}", picture.bytes()[0]);
        }
    }

    #[test]
    fn a_patch_at_odd_coordinates_mixes_shared_chroma_samples() {
        // White over blue: a quarter, a half or all of a colour sample is covered.
        let size = Size::new(6, 6);
        let blue = Picture::black(size).map(|mut picture| {
            patch(&mut picture, Rect::whole(size), Format::Rgb8, &[0, 0, 255].repeat(36)).unwrap();
            picture
        });
        let at = Rect { x: 1, y: 1, width: 3, height: 4 };
        for format in [Format::Rgb8, Format::Rgba8, Format::Gray8] {
            let mut picture = blue.clone().unwrap();
            patch(&mut picture, at, format, &vec![255; format.bytes(at.size())]).unwrap();
            let planes = picture.planes();
            let expected = [212, 184, 240, 184, 128, 240, 212, 184, 240];
            assert!(planes.u.data.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1), "{:?}", planes.u.data);
            assert_eq!((planes.y.data[6], planes.y.data[7], planes.y.data[10]), (41, 235, 41));
        }
    }

    proptest! {
        #[test]
        fn fast_paths_equal_the_slow_one(
            width in 1u32..40, height in 1u32..40,
            (x, y, w, h) in (0u32..40, 0u32..40, 1u32..40, 1u32..40),
            colour: [u8; 3],
        ) {
            let size = Size::new(width, height);
            let (x, y) = (x % width, y % height);
            let at = Rect { x, y, width: w.min(width - x), height: h.min(height - y) };
            let tight = at.size().chroma();
            for format in FORMATS {
                let pixels = at.size().pixels() as usize;
                // Smooth but not flat, so that a shift by a pixel or a row shows.
                let data: Vec<u8> = match format {
                    Format::Rgba8 => (0..pixels).flat_map(|i| [colour[0], (i * 3) as u8, colour[2], 255]).collect(),
                    Format::Rgb8 => (0..pixels).flat_map(|i| [colour[0], (i * 3) as u8, colour[2]]).collect(),
                    _ => (0..format.bytes(at.size())).map(|i| (i * 5 + usize::from(colour[0])) as u8).collect(),
                };
                let (mut fast, mut slow) = (noise(size), noise(size));
                patch(&mut fast, at, format, &data).unwrap();
                blend(&mut slow, at, at, |x, y| {
                    let i = y * at.width as usize + x;
                    let sample = y / 2 * tight.width as usize + x / 2;
                    let (u, v) = match format {
                        Format::I420 => (pixels + sample, pixels + tight.pixels() as usize + sample),
                        _ => (pixels + 2 * sample, pixels + 2 * sample + 1),
                    };
                    match format {
                        Format::Rgba8 => ink(data[4 * i], data[4 * i + 1], data[4 * i + 2]),
                        Format::Rgb8 => ink(data[3 * i], data[3 * i + 1], data[3 * i + 2]),
                        Format::Gray8 => Ink { y: gray_to_luma(data[i]), u: 128, v: 128, alpha: 255 },
                        Format::I420 | Format::Nv12 => Ink { y: data[i], u: data[u], v: data[v], alpha: 255 },
                    }
                });
                let tolerance = if matches!(format, Format::Rgba8 | Format::Rgb8) { 2 } else { 0 };
                for (i, (a, b)) in fast.bytes().iter().zip(slow.bytes()).enumerate() {
                    prop_assert!(a.abs_diff(*b) <= tolerance, "{:?} {:?} byte {}: {}, not {}", format, at, i, a, b);
                }
            }
        }

        #[test]
        fn only_the_rectangle_changes(width in 1u32..40, height in 1u32..40, (x, y, w, h) in (0u32..40, 0u32..40, 1u32..40, 1u32..40)) {
            let size = Size::new(width, height);
            let (x, y) = (x % width, y % height);
            let at = Rect { x, y, width: w.min(width - x), height: h.min(height - y) };
            for format in FORMATS {
                let before = noise(size);
                let mut after = before.clone();
                patch(&mut after, at, format, &vec![255; format.bytes(at.size())]).unwrap();
                let (a, b) = (before.planes(), after.planes());
                for row in 0..height {
                    for column in 0..width {
                        let i = (row * width + column) as usize;
                        let inside = (x..x + at.width).contains(&column) && (y..y + at.height).contains(&row);
                        if inside {
                            prop_assert!(b.y.data[i] >= 234);
                        } else {
                            prop_assert_eq!(a.y.data[i], b.y.data[i]);
                        }
                        let (cx, cy) = (column / 2, row / 2);
                        let touched = (x / 2..(x + at.width).div_ceil(2)).contains(&cx) && (y / 2..(y + at.height).div_ceil(2)).contains(&cy);
                        let c = (cy * size.chroma().width + cx) as usize;
                        prop_assert!(touched || (a.u.data[c], a.v.data[c]) == (b.u.data[c], b.v.data[c]));
                    }
                }
                let wrong = vec![0; format.bytes(at.size()) + 1];
                prop_assert!(patch(&mut after.clone(), at, format, &wrong).is_err());
                let outside = Rect { x: width, ..at };
                prop_assert!(patch(&mut after, outside, format, &[]).is_err());
            }
        }
    }
}

//! A rectangle of a picture overwritten.

use crate::convert::gray_to_luma;
use crate::{Error, Format, Picture, Rect};

/// One pixel to be laid over another: luma, colour differences, and how opaque it is (0–255).
#[derive(Clone, Copy)]
struct Ink {
    y: u8,
    u: u8,
    v: u8,
    alpha: u8,
}

/// Overwrites the rectangle `at` of `picture` with `data` in `format`. Alpha of RGBA blends over what is there. A colour
/// sample of which only some pixels are covered becomes the mean of the old and the new ones.
///
/// # Errors
/// [`Error::Outside`] or [`Error::Length`]; the picture is then as it was.
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
    match format {
        Format::Rgba8 => lay(picture, at, |x, y| {
            let [r, g, b, alpha] = pixel(data, y * width + x);
            Ink { alpha, ..ink(r, g, b) }
        }),
        Format::Rgb8 => lay(picture, at, |x, y| {
            let [r, g, b] = pixel(data, y * width + x);
            ink(r, g, b)
        }),
        Format::Gray8 => {
            lay(picture, at, |x, y| Ink { y: gray_to_luma(data[y * width + x]), u: 128, v: 128, alpha: 255 });
        }
        Format::I420 => lay(picture, at, |x, y| {
            let sample = pixels + y / 2 * columns + x / 2;
            Ink { y: data[y * width + x], u: data[sample], v: data[sample + samples], alpha: 255 }
        }),
        Format::Nv12 => lay(picture, at, |x, y| {
            let sample = pixels + 2 * (y / 2 * columns + x / 2);
            Ink { y: data[y * width + x], u: data[sample], v: data[sample + 1], alpha: 255 }
        }),
    }
    Ok(())
}

/// Lays `ink(x, y)`, by the pixels of the rectangle `at`, over `picture`.
fn lay(picture: &mut Picture, at: Rect, ink: impl Fn(usize, usize) -> Ink) {
    let size = picture.size();
    let (stride, chroma_stride) = (size.width as usize, size.chroma().width as usize);
    let (left, top) = (at.x as usize, at.y as usize);
    let (right, bottom) = (left + at.width as usize, top + at.height as usize);
    let (luma, u, v) = picture.planes_mut();
    for y in top..bottom {
        let row = &mut luma[y * stride + left..y * stride + right];
        for (x, luma) in row.iter_mut().enumerate() {
            let Ink { y, alpha, .. } = ink(x, y - top);
            *luma = mix(*luma, y, alpha);
        }
    }
    for cell_y in top / 2..bottom.div_ceil(2) {
        for cell_x in left / 2..right.div_ceil(2) {
            // Pixels of this colour sample that the picture has at all, and those of them that are covered.
            let (x0, x1) = (2 * cell_x, (2 * cell_x + 2).min(size.width as usize));
            let (y0, y1) = (2 * cell_y, (2 * cell_y + 2).min(size.height as usize));
            let all = ((x1 - x0) * (y1 - y0)) as u32 * 255;
            let (mut new_u, mut new_v, mut covered) = (0, 0, 0);
            for y in y0.max(top)..y1.min(bottom) {
                for x in x0.max(left)..x1.min(right) {
                    let ink = ink(x - left, y - top);
                    let alpha = u32::from(ink.alpha);
                    new_u += alpha * u32::from(ink.u);
                    new_v += alpha * u32::from(ink.v);
                    covered += alpha;
                }
            }
            let sample = cell_y * chroma_stride + cell_x;
            let blend = |old: u8, new: u32| ((new + (all - covered) * u32::from(old) + all / 2) / all) as u8;
            u[sample] = blend(u[sample], new_u);
            v[sample] = blend(v[sample], new_v);
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

/// An opaque colour (ITU-R BT.601-7 §2.5.3, limited range, in 8-bit fixed point).
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
    use crate::{Size, convert};

    const FORMATS: [Format; 5] = [Format::Rgba8, Format::Rgb8, Format::Gray8, Format::I420, Format::Nv12];

    fn noise(size: Size) -> Picture {
        let mut picture = Picture::black(size).unwrap();
        picture.bytes_mut().iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 37 % 251) as u8);
        picture
    }

    #[test]
    fn a_patch_of_the_whole_is_the_conversion() {
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

    proptest! {
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

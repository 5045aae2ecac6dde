//! Lines in pieces for `patch`.

use framebox_handler::{Color, Image, Size};

/// A point of the picture, pixels.
pub type Point = (i32, i32);

/// Length of a piece, pixels: long enough for few calls, short enough that a diagonal piece covers little else.
const PIECE: i32 = 32;

/// Returns the line from `a` to `b` of `thickness` pixels, clipped to a picture of `size`: pieces with the positions of their
/// top left corners.
pub fn line(a: Point, b: Point, thickness: i32, color: Color, size: Size) -> Vec<(u32, u32, Image)> {
    let (across, down) = (b.0 - a.0, b.1 - a.1);
    let length = across.abs().max(down.abs()).max(1);
    let at = |step: i32| (a.0 + across * step / length, a.1 + down * step / length);
    let mut pieces = Vec::new();
    for begin in (0..=length).step_by(PIECE as usize) {
        let end = (begin + PIECE).min(length);
        let (from, to) = (at(begin), at(end));
        // Even coordinates, so that colours are sharp.
        let low = |p: i32, q: i32| (p.min(q) - thickness / 2).max(0) & !1;
        let high = |p: i32, q: i32, whole: u32| ((p.max(q) + thickness + 1) & !1).min(whole as i32);
        let (left, top) = (low(from.0, to.0), low(from.1, to.1));
        let (right, bottom) = (high(from.0, to.0, size.width), high(from.1, to.1, size.height));
        if right <= left || bottom <= top {
            continue;
        }
        let (columns, rows) = (right - left, bottom - top);
        let mut pixels = vec![0; (columns * rows * 4) as usize];
        for (x, y) in (begin..=end).map(at) {
            let corner = (x - thickness / 2 - left, y - thickness / 2 - top);
            for y in corner.1.max(0)..(corner.1 + thickness).min(rows) {
                for x in corner.0.max(0)..(corner.0 + thickness).min(columns) {
                    pixels[((y * columns + x) * 4) as usize..][..4].copy_from_slice(&color.rgba());
                }
            }
        }
        let size = Size { width: columns as u32, height: rows as u32 };
        pieces.push((left as u32, top as u32, Image::new(size, pixels)));
    }
    pieces
}

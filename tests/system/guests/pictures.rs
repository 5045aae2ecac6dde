//! Pictures to try handlers on.

use std::sync::Arc;

use framebox_picture::{Picture, Size};

/// Luma and colour differences of a pixel.
pub type Yuv = [u8; 3];

pub const GROUND: Yuv = [50, 120, 136];
pub const OBJECT: Yuv = [200, 140, 110];

/// A picture of `color(x, y)`; a colour sample is that of the first of its pixels.
pub fn painted(size: Size, color: impl Fn(usize, usize) -> Yuv) -> Arc<Picture> {
    let mut picture = Picture::black(size).unwrap();
    let (width, columns) = (size.width as usize, size.chroma().width as usize);
    let (y, u, v) = picture.planes_mut();
    for (i, y) in y.iter_mut().enumerate() {
        *y = color(i % width, i / width)[0];
    }
    for (i, (u, v)) in u.iter_mut().zip(v).enumerate() {
        [_, *u, *v] = color(i % columns * 2, i / columns * 2);
    }
    Arc::new(picture)
}

/// One colour all over.
pub fn flat(size: Size, color: Yuv) -> Arc<Picture> {
    painted(size, |_, _| color)
}

/// Squares with their left, top and side, over plain ground.
pub fn squares(size: Size, squares: &[(usize, usize, usize)]) -> Arc<Picture> {
    painted(size, |x, y| {
        let inside = |&(left, top, side): &(usize, usize, usize)| {
            (left..left + side).contains(&x) && (top..top + side).contains(&y)
        };
        if squares.iter().any(inside) { OBJECT } else { GROUND }
    })
}

/// The picture `frame` of a scene with gradients, texture, noise and something that moves.
pub fn scene(size: Size, frame: usize) -> Arc<Picture> {
    let (width, height) = (size.width as usize, size.height as usize);
    painted(size, |x, y| {
        let mut noise = (x * 7919 + y * 104_729 + frame * 1_299_709) as u32;
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let ground = 30 + (x * 120 / width + y * 60 / height) + (x / 8 + y / 5) % 20;
        let moving = x.abs_diff((width / 4 + frame * 5) % width) * 6 < width && y.abs_diff(height / 2) * 4 < height;
        let luma = if moving { 190 - (x ^ y) % 32 } else { ground };
        [(luma as u32 + (noise >> 29)) as u8, 90 + (x * 70 / width) as u8, 165 - (y * 70 / height) as u8]
    })
}

/// The pixel of `picture` at `x`, `y`.
pub fn pixel(picture: &Picture, x: usize, y: usize) -> Yuv {
    let planes = picture.planes();
    let sample = y / 2 * planes.u.stride + x / 2;
    [planes.y.data[y * planes.y.stride + x], planes.u.data[sample], planes.v.data[sample]]
}

/// Every pixel's place.
pub fn places(size: Size) -> impl Iterator<Item = (usize, usize)> {
    (0..size.height as usize).flat_map(move |y| (0..size.width as usize).map(move |x| (x, y)))
}

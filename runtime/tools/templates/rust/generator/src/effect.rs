//! Draws pixels. Independent of Framebox, so that it can be tested alone.

pub const WIDTH: usize = 320;
pub const HEIGHT: usize = 180;

/// A triangle wave with a period of 256: from 0 up to 254 and down again.
fn wave(position: usize) -> u8 {
    let up = 2 * (position & 255);
    if up < 255 { up as u8 } else { (510 - up) as u8 }
}

/// Draws diagonal bands, moved by a number of pixels: red, green, blue and alpha of each pixel.
pub fn draw(moved: u64) -> Vec<u8> {
    let start = (moved & 255) as usize;
    let mut pixels = vec![255; 4 * WIDTH * HEIGHT];
    for (y, row) in pixels.chunks_exact_mut(4 * WIDTH).enumerate() {
        for (at, pixel) in (start + y..).zip(row.chunks_exact_mut(4)) {
            pixel[..3].copy_from_slice(&[wave(at), wave(at + 85), wave(at + 170)]);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_by_one_pixel_each_row_equals_the_one_below_it_before() {
        let (still, moved) = (draw(0), draw(1));
        let row = 4 * WIDTH;
        assert_eq!(still.len(), row * HEIGHT);
        assert_eq!(still[..8], [0, 170, 170, 255, 2, 172, 168, 255]);
        assert_eq!(moved[..moved.len() - row], still[row..]);
    }
}

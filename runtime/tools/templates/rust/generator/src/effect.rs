//! What is drawn: nothing here knows of Framebox.

pub const WIDTH: usize = 320;
pub const HEIGHT: usize = 180;

/// From 0 up to 254 and down again, in 256 steps.
fn wave(position: usize) -> u8 {
    let up = 2 * (position & 255);
    if up < 255 { up as u8 } else { (510 - up) as u8 }
}

/// Diagonal bands that have moved so many pixels: red, green, blue and opacity of each pixel.
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
    fn one_pixel_on_a_row_looks_as_the_one_below_it_did() {
        let (still, moved) = (draw(0), draw(1));
        let row = 4 * WIDTH;
        assert_eq!(still.len(), row * HEIGHT);
        assert_eq!(still[..8], [0, 170, 170, 255, 2, 172, 168, 255]);
        assert_eq!(moved[..moved.len() - row], still[row..]);
    }
}

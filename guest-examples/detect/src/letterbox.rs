//! Fits the picture into the square input of the network, keeping its proportions; the rest is black.

use framebox_handler::raw::media::Frame;
use framebox_handler::{PixelFormat, Size};

use crate::network::SIDE;

/// The position of the picture in the square.
pub struct Letterbox {
    picture: Size,
    /// The size of the picture in the square, pixels.
    inside: Size,
    left: u32,
    top: u32,
}

impl Letterbox {
    pub fn new(picture: Size) -> Self {
        let (side, longer) = (SIDE as u64, u64::from(picture.width.max(picture.height)));
        let fit = |length: u32| ((u64::from(length) * side + longer / 2) / longer).max(1) as u32;
        let inside = Size { width: fit(picture.width), height: fit(picture.height) };
        Self { picture, inside, left: (SIDE as u32 - inside.width) / 2, top: (SIDE as u32 - inside.height) / 2 }
    }

    /// Returns the pixels of the square, RGB. Only these are copied, for pictures of any size.
    pub fn pixels(&self, frame: &Frame) -> Vec<u8> {
        let small = frame.sample(PixelFormat::Rgb8, None, Some(self.inside));
        let mut square = vec![0; SIDE * SIDE * 3];
        let row = 3 * self.inside.width as usize;
        let below = square[3 * SIDE * self.top as usize..].chunks_exact_mut(3 * SIDE);
        for (to, from) in below.zip(small.chunks_exact(row)) {
            to[3 * self.left as usize..][..row].copy_from_slice(from);
        }
        square
    }

    /// Converts a point in the square, with sides of 1, to one in the picture, pixels. It may be outside.
    pub fn on_picture(&self, x: f32, y: f32) -> [f32; 2] {
        let back = |at: f32, before: u32, inside: u32, whole: u32| {
            (at * SIDE as f32 - before as f32) * whole as f32 / inside as f32
        };
        [
            back(x, self.left, self.inside.width, self.picture.width),
            back(y, self.top, self.inside.height, self.picture.height),
        ]
    }
}

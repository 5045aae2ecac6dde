//! What several handlers do, apart from the interface: planar pictures, time, playing a video.

pub mod player;

mod clock;
mod rate;

pub use clock::Clock;
pub use rate::Rate;

/// The planes Y, U and V of an I420 picture in a list of bytes.
pub struct I420 {
    pub width: usize,
    pub height: usize,
}

impl I420 {
    pub fn new(width: u32, height: u32) -> Self {
        Self { width: width as usize, height: height as usize }
    }

    /// Width and height of U and V.
    pub fn chroma(&self) -> (usize, usize) {
        (self.width.div_ceil(2), self.height.div_ceil(2))
    }

    /// Y, U and V, each with its width.
    pub fn planes<'a>(&self, data: &'a mut [u8]) -> [(&'a mut [u8], usize); 3] {
        let (chroma_width, chroma_height) = self.chroma();
        let (y, rest) = data.split_at_mut(self.width * self.height);
        let (u, v) = rest.split_at_mut(chroma_width * chroma_height);
        [(y, self.width), (u, chroma_width), (v, chroma_width)]
    }
}

/// Turns a plane of rows of `width` upside down.
pub fn upside_down(plane: &mut [u8], width: usize) {
    let rows = plane.len() / width;
    let (top, bottom) = plane.split_at_mut(rows / 2 * width);
    for (a, b) in top.chunks_exact_mut(width).zip(bottom.rchunks_exact_mut(width)) {
        a.swap_with_slice(b);
    }
}

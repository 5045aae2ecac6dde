//! Replaces each block by its mean colour.

use framebox_handler::{About, Frame, Result, Transform, parameters};

parameters! {
    struct Settings {
        block: usize = integer("Block size", 2..=64, 16).step(2.0).unit("px"),
    }
}

#[derive(Default)]
struct Pixelate {
    /// Sums of columns of at most 64 bytes; reused for each frame.
    sums: Vec<u16>,
}

impl Transform for Pixelate {
    type Settings = Settings;

    fn about() -> About {
        About::new("Pixelate", "Replaces each block of the picture by its mean colour.")
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let block = frame.settings.block.clamp(2, 64) & !1;
        let mut picture = frame.i420();
        // Colour planes have half the resolution, and so half the block.
        for (plane, block) in picture.planes().into_iter().zip([block, block / 2, block / 2]) {
            for rows in plane.bytes.chunks_mut(plane.width * block) {
                self.average(rows, plane.width, block);
            }
        }
        frame.show(&picture)
    }
}

impl Pixelate {
    /// Sets each block in a band of rows to the mean of its bytes.
    fn average(&mut self, rows: &mut [u8], width: usize, block: usize) {
        self.sums.clear();
        self.sums.resize(width, 0);
        for row in rows.chunks_exact(width) {
            for (sum, byte) in self.sums.iter_mut().zip(row) {
                *sum += *byte as u16;
            }
        }
        let height = rows.len() / width;
        let (first, rest) = rows.split_at_mut(width);
        for (bytes, sums) in first.chunks_mut(block).zip(self.sums.chunks(block)) {
            let count = (bytes.len() * height) as u32;
            bytes.fill(((sums.iter().map(|sum| *sum as u32).sum::<u32>() + count / 2) / count) as u8);
        }
        for row in rest.chunks_exact_mut(width) {
            row.copy_from_slice(first);
        }
    }
}

framebox_handler::export!(Pixelate);

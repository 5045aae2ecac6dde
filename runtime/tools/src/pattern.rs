//! A moving test picture: colour bars, a ramp, fine texture, a moving disc and a sweeping bar. It uses integer arithmetic only,
//! so that it is identical on every machine.

use std::sync::Arc;

use framebox_picture::{Picture, Size};
use framebox_sandbox::{Source, SourceFrame, SourceInfo, Sources};

/// Number of pictures after which the pattern repeats.
pub(crate) const PERIOD: u64 = 120;
/// Size of the pattern when it is read as a source.
const SOURCE_SIZE: Size = Size::new(640, 480);
const SOURCE_FPS: u64 = 25;
const SOURCE_LENGTH: u64 = 2 * PERIOD;

/// Luma and colour differences of the bars: white, yellow, cyan, green, magenta, red, blue, black (BT.601, 75 %).
const BARS: [[u8; 3]; 8] = [
    [180, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [84, 184, 198],
    [65, 100, 212],
    [35, 212, 114],
    [16, 128, 128],
];

/// Draws picture `number`; `None` if the size is invalid.
pub(crate) fn picture(size: Size, number: u64) -> Option<Picture> {
    let mut picture = Picture::black(size).ok()?;
    let scene = Scene::new(size, number);
    let (width, columns) = (size.width as usize, size.chroma().width as usize);
    let (luma, u, v) = picture.planes_mut();
    for (y, row) in luma.chunks_exact_mut(width).enumerate() {
        for (x, luma) in row.iter_mut().enumerate() {
            *luma = scene.pixel(x as i64, y as i64)[0];
        }
    }
    for (y, (u, v)) in u.chunks_exact_mut(columns).zip(v.chunks_exact_mut(columns)).enumerate() {
        for (x, (u, v)) in u.iter_mut().zip(v).enumerate() {
            [_, *u, *v] = scene.pixel(2 * x as i64, 2 * y as i64);
        }
    }
    Some(picture)
}

/// The positions of the moving parts in one picture.
struct Scene {
    width: i64,
    height: i64,
    /// Left and right edge of the sweeping bar, px.
    bar: (i64, i64),
    /// Centre of the disc, px.
    disc: (i64, i64),
    radius: i64,
    phase: i64,
}

impl Scene {
    fn new(size: Size, number: u64) -> Self {
        let (width, height) = (i64::from(size.width), i64::from(size.height));
        let phase = (number % PERIOD) as i64;
        let period = PERIOD as i64;
        let left = phase * width / period;
        // The disc moves left and right once a period, and up and down twice.
        let swing = |position: i64| (position % period - period / 2).abs();
        let disc = (width / 4 + swing(phase) * width / period, height / 4 + swing(2 * phase) * height / period);
        Self { width, height, bar: (left, left + (width / 40).max(1)), disc, radius: (height / 8).max(1), phase }
    }

    /// Returns luma and the two colour differences of a pixel.
    fn pixel(&self, x: i64, y: i64) -> [u8; 3] {
        let (across, down) = (x - self.disc.0, y - self.disc.1);
        if across * across + down * down <= self.radius * self.radius {
            // Stripes that move across the disc.
            return if (across + down + self.phase) & 16 == 0 { [200, 90, 200] } else { [120, 110, 170] };
        }
        if (self.bar.0..self.bar.1).contains(&x) {
            return [235, 128, 128];
        }
        match 4 * y / self.height.max(1) {
            0 | 1 => BARS[(8 * x / self.width.max(1)).clamp(0, 7) as usize],
            2 => [(16 + 219 * x / self.width.max(1)).clamp(16, 235) as u8, 128, 128],
            // Moving texture, because the noise of a camera changes everything in every frame.
            _ => {
                let noise = ((x + self.phase) * 7919 + y * 104_729) as u32;
                let noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223) >> 27;
                [90 + noise as u8 + ((x / 8 + y / 8) & 1) as u8 * 40, 110, 140]
            }
        }
    }
}

/// Opens the pattern as a source under any name, so that handlers that read videos can run.
pub(crate) struct AnySource;

impl Sources for AnySource {
    fn open(&self, _name: &str) -> Result<Box<dyn Source>, String> {
        Ok(Box::new(PatternSource { position: 0, pictures: Vec::new() }))
    }
}

/// The pattern as an endless video.
struct PatternSource {
    /// Number of the next frame.
    position: u64,
    /// Drawn once, so that drawing does not count towards the time of the handler.
    pictures: Vec<Arc<Picture>>,
}

impl Source for PatternSource {
    fn info(&self) -> SourceInfo {
        SourceInfo { size: SOURCE_SIZE, fps: SOURCE_FPS as f32, duration_us: None, live: false }
    }

    fn memory(&self) -> usize {
        self.pictures.iter().map(|picture| picture.bytes().len()).sum()
    }

    fn next(&mut self) -> Result<Option<SourceFrame>, String> {
        if self.pictures.is_empty() {
            let drawn = (0..8).filter_map(|number| picture(SOURCE_SIZE, number * PERIOD / 8));
            self.pictures = drawn.map(Arc::new).collect();
        }
        let count = self.pictures.len().max(1) as u64;
        let Some(picture) = self.pictures.get((self.position % count) as usize) else { return Ok(None) };
        let pts_us = i64::try_from(self.position.saturating_mul(1_000_000) / SOURCE_FPS).unwrap_or(i64::MAX);
        self.position += 1;
        Ok(Some(SourceFrame { picture: picture.clone(), pts_us }))
    }

    fn seek(&mut self, pts_us: i64) -> Result<(), String> {
        let pts_us = u64::try_from(pts_us)
            .map_err(|_| "a source starts at 0: seek to a time that is not negative".to_owned())?;
        self.position = pts_us.saturating_mul(SOURCE_FPS) / 1_000_000 % SOURCE_LENGTH;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_differs_from_the_one_before_and_the_pattern_repeats() {
        for size in [Size::new(640, 480), Size::new(33, 21), Size::new(1, 1), Size::new(2, 4000)] {
            let first = picture(size, 0).unwrap();
            assert_eq!(first.size(), size);
            assert_eq!(picture(size, PERIOD).unwrap(), first);
            assert!(first.bytes().iter().all(|byte| (16..=240).contains(byte)), "limited range");
        }
        let size = Size::new(160, 120);
        let pictures: Vec<_> = (0..PERIOD).map(|number| picture(size, number).unwrap()).collect();
        assert!(pictures.windows(2).all(|pair| pair[0] != pair[1]), "each differs from the one before");
        assert!(picture(Size::new(0, 4), 0).is_none());
    }
}

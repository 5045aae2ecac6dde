//! Videos granted to generators: short, with a different picture for each frame.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use framebox_picture::{Picture, Size};
use framebox_sandbox::{NoSources, Source, SourceFrame, SourceInfo, Sources};

use crate::guests::pictures::scene;

/// Pictures in a clip.
pub const LENGTH: i64 = 10;

/// The granted sources: `clip` and `other` of 25 pictures a second, `slow` of 10, `fixed` that cannot seek, `still` of one
/// picture, `empty` without pictures, `torn` that fails after three, `heavy` that is slow for each of many.
pub struct Clips;

impl Sources for Clips {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        let usual = Clip { name: name.into(), fps: 25, length: LENGTH, place: 0 };
        let clip = match name {
            "clip" | "other" | "fixed" | "torn" => usual,
            "slow" => Clip { fps: 10, ..usual },
            "still" => Clip { fps: 0, length: 1, ..usual },
            "empty" => Clip { length: 0, ..usual },
            "heavy" => Clip { length: 1_000_000, ..usual },
            _ => return NoSources.open(name),
        };
        Ok(Box::new(clip))
    }
}

struct Clip {
    name: String,
    fps: i64,
    length: i64,
    /// The next picture.
    place: i64,
}

/// The picture number `place` of every clip but `other`.
pub fn picture(place: i64) -> Arc<Picture> {
    static PICTURES: LazyLock<Vec<Arc<Picture>>> =
        LazyLock::new(|| (0..LENGTH as usize).map(|place| scene(Size::new(64, 48), place)).collect());
    PICTURES[(place % LENGTH) as usize].clone()
}

/// The picture number `place` of `other`.
pub fn other(place: i64) -> Arc<Picture> {
    scene(Size::new(33, 21), place as usize)
}

impl Source for Clip {
    fn info(&self) -> SourceInfo {
        SourceInfo { size: Size::new(64, 48), fps: self.fps as f32, duration_us: None, live: false }
    }

    fn memory(&self) -> usize {
        0
    }

    fn next(&mut self) -> Result<Option<SourceFrame>, String> {
        match self.name.as_str() {
            "torn" if self.place == 3 => return Err("the file is broken".into()),
            "heavy" => std::thread::sleep(Duration::from_millis(5)),
            _ => {}
        }
        if self.place >= self.length {
            return Ok(None);
        }
        let place = self.place;
        self.place += 1;
        let picture = if self.name == "other" { other(place) } else { picture(place) };
        let pts_us = if self.fps == 0 { 0 } else { place * 1_000_000 / self.fps };
        Ok(Some(SourceFrame { picture, pts_us }))
    }

    fn seek(&mut self, pts_us: i64) -> Result<(), String> {
        if self.name == "fixed" {
            return Err("this source cannot seek".into());
        }
        self.place = (pts_us * self.fps / 1_000_000).clamp(0, self.length);
        Ok(())
    }
}

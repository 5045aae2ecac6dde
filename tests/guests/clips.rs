//! Videos that are granted to generators: short, and different in every picture.

use std::sync::Arc;

use framebox_picture::{Picture, Size};
use framebox_sandbox::{NoSources, Source, SourceInfo, Sources};

use crate::pictures::scene;

/// Pictures in each clip.
pub const LENGTH: i64 = 10;

/// What is granted: `clip` and `other` of 25 pictures a second, `slow` of 10, `fixed` that cannot seek, `still` of one
/// picture, `empty` without any, `torn` that breaks after three.
pub struct Clips;

impl Sources for Clips {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        let clip = |fps, length, seeks, size| Clip { fps, length, seeks, size, torn: None, place: 0 };
        let size = Size::new(64, 48);
        let clip = match name {
            "clip" => clip(25, LENGTH, true, size),
            "other" => clip(25, LENGTH, true, Size::new(33, 21)),
            "slow" => clip(10, LENGTH, true, size),
            "fixed" => clip(25, LENGTH, false, size),
            "still" => clip(0, 1, true, size),
            "empty" => clip(25, 0, true, size),
            "torn" => Clip { torn: Some(3), ..clip(25, LENGTH, true, size) },
            _ => return NoSources.open(name),
        };
        Ok(Box::new(clip))
    }
}

struct Clip {
    fps: i64,
    length: i64,
    seeks: bool,
    size: Size,
    /// The picture at which it breaks.
    torn: Option<i64>,
    /// The next picture.
    place: i64,
}

/// The picture number `place` of the clip `clip`.
pub fn picture(place: i64) -> Arc<Picture> {
    scene(Size::new(64, 48), place as usize)
}

impl Source for Clip {
    fn info(&self) -> SourceInfo {
        SourceInfo { size: self.size, fps: self.fps as f32, duration_us: None, live: false }
    }

    fn next(&mut self) -> Result<Option<Arc<Picture>>, String> {
        if self.torn == Some(self.place) {
            return Err("the file is broken".into());
        }
        if self.place >= self.length {
            return Ok(None);
        }
        self.place += 1;
        Ok(Some(scene(self.size, self.place as usize - 1)))
    }

    fn seek(&mut self, pts_us: i64) -> Result<(), String> {
        if !self.seeks {
            return Err("this source cannot seek".into());
        }
        self.place = (pts_us * self.fps / 1_000_000).clamp(0, self.length);
        Ok(())
    }
}

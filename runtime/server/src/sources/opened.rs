//! An opened source, as a guest reads it.

use std::time::Duration;

use framebox_media::clip::Clip;
use framebox_sandbox::{Source, SourceFrame, SourceInfo};

use super::open_permit::OpenPermit;

/// An opened clip of the registry.
pub(super) struct Opened {
    name: String,
    clip: Box<dyn Clip>,
    _permit: OpenPermit,
}

impl Opened {
    pub(super) fn new(name: &str, clip: Box<dyn Clip>, permit: OpenPermit) -> Self {
        Self { name: name.to_owned(), clip, _permit: permit }
    }
}

impl Source for Opened {
    fn info(&self) -> SourceInfo {
        let info = self.clip.info();
        SourceInfo { size: info.size, fps: info.fps, duration_us: info.duration.map(micros), live: false }
    }

    fn memory(&self) -> usize {
        self.clip.memory()
    }

    fn next(&mut self) -> Result<Option<SourceFrame>, String> {
        let frame = self.clip.next().map_err(|error| format!("the source {} cannot be read: {error}", self.name))?;
        Ok(frame.map(|frame| SourceFrame { picture: frame.picture, pts_us: micros(frame.pts) }))
    }

    fn seek(&mut self, pts_us: i64) -> Result<(), String> {
        let to =
            u64::try_from(pts_us).map_err(|_| "a source begins at 0; give a time that is not negative".to_owned())?;
        // A guest's time in µs stands for the picture whose time was rounded down to it.
        let to = Duration::from_micros(to).saturating_add(Duration::from_nanos(u64::from(to > 0) * 999));
        self.clip.seek(to).map_err(|error| format!("the source {} cannot go there: {error}", self.name))
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

//! `--source NAME=FILE`: videos that the handler may open.

use std::path::PathBuf;
use std::time::Duration;

use framebox_media::clip::Clip;
use framebox_sandbox::{Source, SourceFrame, SourceInfo, Sources};

use super::files::Files;
use crate::Error;

/// Parses `NAME=FILE`.
pub(super) fn parse(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("expected a name and a file, as in --source intro=intro.mp4".into()),
    }
}

/// The granted files with their names.
pub(super) struct Grants {
    granted: Vec<(String, PathBuf)>,
    files: Files,
}

impl Grants {
    /// Opens each file once, so that an invalid one is reported before the run starts.
    pub(super) fn new(granted: &[(String, PathBuf)], files: &Files) -> Result<Self, Error> {
        granted.iter().try_for_each(|(_, file)| files.open(file).map(drop))?;
        Ok(Self { granted: granted.to_vec(), files: files.clone() })
    }
}

impl Sources for Grants {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        let Some((name, file)) = self.granted.iter().rfind(|(granted, _)| granted == name) else {
            let names: Vec<_> = self.granted.iter().map(|(name, _)| name.as_str()).collect();
            let name: String = name.chars().take(64).collect();
            return Err(match names.is_empty() {
                true => {
                    format!("the source {name:?} is not granted: grant it with --source {name}=FILE")
                }
                false => format!("the source {name:?} is not granted; the granted sources are: {}", names.join(", ")),
            });
        };
        let clip = self.files.open(file).map_err(|_| format!("the source {name} cannot be opened"))?;
        Ok(Box::new(ClipSource { name: name.clone(), clip }))
    }
}

/// A file opened as a source.
struct ClipSource {
    name: String,
    clip: Box<dyn Clip>,
}

impl Source for ClipSource {
    fn info(&self) -> SourceInfo {
        let info = self.clip.info();
        SourceInfo { size: info.size, fps: info.fps, duration_us: info.duration.map(us), live: false }
    }

    fn memory(&self) -> usize {
        self.clip.memory()
    }

    fn next(&mut self) -> Result<Option<SourceFrame>, String> {
        let frame = self.clip.next().map_err(|error| format!("the source {} cannot be read: {error}", self.name))?;
        Ok(frame.map(|frame| SourceFrame { picture: frame.picture, pts_us: us(frame.pts) }))
    }

    fn seek(&mut self, pts_us: i64) -> Result<(), String> {
        let position =
            u64::try_from(pts_us).map_err(|_| "a source starts at 0: seek to a time that is not negative")?;
        // The times of frames are rounded down to µs: a seek to one of them finds the same frame.
        let position =
            Duration::from_micros(position).saturating_add(Duration::from_nanos(u64::from(position > 0) * 999));
        self.clip.seek(position).map_err(|error| format!("the source {} cannot seek: {error}", self.name))
    }
}

fn us(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

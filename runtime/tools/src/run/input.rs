//! The frames of a run: from a file or the test pattern, or times only for a generator.

use std::path::Path;
use std::sync::Arc;

use framebox_media::clip::Clip;
use framebox_picture::{Picture, Size};
use framebox_sandbox::Kind;

use super::files::{Files, unreadable};
use super::rate::Rate;
use crate::{Error, pattern};

/// Number of frames of an endless input.
const DEFAULT_FRAMES: u64 = 150;
const DEFAULT_SIZE: Size = Size::new(640, 480);
/// Frame rate of a file that does not state one.
const FALLBACK_RATE: Rate = Rate { frames: 25, seconds: 1 };
/// The argument that selects the test pattern.
const PATTERN: &str = "pattern";

/// The arguments that select the input.
#[derive(Clone, Copy)]
pub(super) struct Options<'a> {
    pub(super) file: Option<&'a Path>,
    pub(super) frames: Option<u64>,
    pub(super) size: Option<Size>,
    pub(super) rate: Option<Rate>,
}

/// A sequence of frames.
pub(super) struct Input {
    origin: Origin,
    rate: Rate,
    /// Largest number of frames to return.
    limit: Option<u64>,
    /// Number of frames in the file, if it states one.
    length: Option<u64>,
    /// Number of frames returned so far.
    returned: u64,
    /// What else is in the file and not processed.
    dropped: Vec<&'static str>,
}

enum Origin {
    Clip(Box<dyn Clip>),
    Still(Arc<Picture>),
    Pattern(Size),
    /// A generator needs no pictures.
    Generator,
}

/// A frame. For a generator it has a time only.
pub(super) struct Frame {
    pub(super) picture: Option<Arc<Picture>>,
    pub(super) pts_us: i64,
}

impl Input {
    /// Opens the selected input for a handler of `kind` whose descriptor requests `fps`.
    pub(super) fn open(options: Options<'_>, files: &Files, kind: Kind, fps: Option<f32>) -> Result<Self, Error> {
        let usage = |text: &str| Err(Error::Usage(text.into()));
        let rate = options.rate.unwrap_or(Rate::DEFAULT);
        let limit = Some(options.frames.unwrap_or(DEFAULT_FRAMES));
        let endless = |origin, rate| Self { origin, rate, limit, length: None, returned: 0, dropped: Vec::new() };
        let Options { file, frames, size, .. } = options;
        match (kind, file) {
            (Kind::Generator, Some(_)) => usage("a generator makes its own frames: omit the input"),
            (Kind::Generator, None) if size.is_some() => {
                usage("a generator chooses the size of its frames: omit --size")
            }
            (Kind::Generator, None) => {
                let requested = fps.and_then(Rate::near).unwrap_or(rate);
                Ok(endless(Origin::Generator, options.rate.unwrap_or(requested)))
            }
            (_, None) => {
                usage("the handler needs frames: give a video, a picture, or the word `pattern` after the component")
            }
            (_, Some(file)) if file.as_os_str() == PATTERN => {
                let size = size.unwrap_or(DEFAULT_SIZE);
                Ok(endless(Origin::Pattern(size), rate))
            }
            (_, Some(_)) if size.is_some() => usage("--size applies to `pattern` only: a file has its own size"),
            (_, Some(file)) => {
                let mut clip = files.open(file)?;
                let info = clip.info();
                let is_still = info.fps == 0.0 && info.duration.is_none();
                if is_still && let Some(shot) = clip.next().map_err(|error| unreadable(file, &error))? {
                    let (origin, limit) = (Origin::Still(shot.picture), Some(frames.unwrap_or(1)));
                    return Ok(Self { origin, rate, limit, length: None, returned: 0, dropped: Vec::new() });
                }
                if options.rate.is_some() {
                    return usage(
                        "--fps applies to `pattern`, still pictures and generators only: a video has its own rate",
                    );
                }
                let length = info.duration.map(|time| (time.as_secs_f64() * f64::from(info.fps)).round() as u64);
                let rate = Rate::near(info.fps).unwrap_or(FALLBACK_RATE);
                let length = length.filter(|length| *length > 0);
                Ok(Self { origin: Origin::Clip(clip), rate, limit: frames, length, returned: 0, dropped: info.dropped })
            }
        }
    }

    /// Returns the average frame rate.
    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// Returns a line about what else is in the file, if something is.
    pub(super) fn dropped(&self) -> Option<String> {
        let (last, others) = self.dropped.split_last()?;
        let what = if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
        Some(format!("the input also has {what}, which the output does not have: handlers see pictures only"))
    }

    /// Returns the total number of frames, if it is known.
    pub(super) fn expected(&self) -> Option<u64> {
        match (self.limit, self.length) {
            (Some(limit), Some(length)) => Some(limit.min(length)),
            (limit, length) => limit.or(length),
        }
    }

    /// Returns the next frame; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Error> {
        if self.limit.is_some_and(|limit| self.returned >= limit) {
            return Ok(None);
        }
        let number = self.returned;
        let pts_us = self.rate.pts_us(number);
        let (picture, pts_us) = match &mut self.origin {
            Origin::Generator => (None, pts_us),
            Origin::Still(picture) => (Some(picture.clone()), pts_us),
            Origin::Pattern(size) => {
                let picture = pattern::picture(*size, number);
                let picture = picture
                    .ok_or_else(|| Error::Usage(format!("{size} is not a valid size: choose another --size")))?;
                (Some(Arc::new(picture)), pts_us)
            }
            Origin::Clip(clip) => {
                let failed = |error| Error::Machine(format!("cannot read the input at frame {number}: {error}"));
                let Some(shot) = clip.next().map_err(failed)? else { return Ok(None) };
                (Some(shot.picture), i64::try_from(shot.pts.as_micros()).unwrap_or(i64::MAX))
            }
        };
        self.returned += 1;
        Ok(Some(Frame { picture, pts_us }))
    }
}

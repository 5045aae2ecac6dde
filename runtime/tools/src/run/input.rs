//! Where frames come from: a file, the test pattern, or nowhere, for a generator.

use std::path::Path;
use std::sync::Arc;

use framebox_media::clip::{self, Bounds, Clip};
use framebox_picture::{Picture, Size};
use framebox_sandbox::Kind;

use super::rate::Rate;
use crate::{Error, pattern};

/// Frames of what has no end.
const USUAL_FRAMES: u64 = 150;
const USUAL_SIZE: Size = Size::new(640, 480);
/// Of a file that does not know its own.
const UNKNOWN: Rate = Rate { frames: 25, seconds: 1 };
/// What stands for the test pattern.
const PATTERN: &str = "pattern";

/// What was asked for.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) file: Option<&'a Path>,
    pub(super) frames: Option<u64>,
    pub(super) size: Option<Size>,
    pub(super) rate: Option<Rate>,
}

/// Frames, one after the other.
pub(super) struct Input {
    from: From,
    rate: Rate,
    /// Frames at most.
    frames: Option<u64>,
    /// Frames that a file says that it has.
    known: Option<u64>,
    given: u64,
}

enum From {
    Clip(Box<dyn Clip>),
    Still(Arc<Picture>),
    Pattern(Size),
    Nowhere,
}

/// One frame; a generator gets a time only.
pub(super) struct Frame {
    pub(super) picture: Option<Arc<Picture>>,
    pub(super) pts_us: i64,
}

impl Input {
    /// Opens what was asked for, if that is something for a handler of `kind`, which may ask for a rate.
    pub(super) fn open(wanted: Wanted<'_>, kind: Kind, fps: Option<f32>) -> Result<Self, Error> {
        let usage = |text: &str| Err(Error::Usage(text.into()));
        let rate = wanted.rate.unwrap_or(Rate::USUAL);
        let endless = Some(wanted.frames.unwrap_or(USUAL_FRAMES));
        let made = |from, rate| Self { from, rate, frames: endless, known: None, given: 0 };
        let Wanted { file, frames, size, .. } = wanted;
        match (kind, file) {
            (Kind::Generator, Some(_)) => usage("a generator makes its own frames: leave the input away"),
            (Kind::Generator, None) if size.is_some() => usage("a generator has a size of its own: leave --size away"),
            (Kind::Generator, None) => {
                let own = fps.and_then(Rate::near).unwrap_or(rate);
                Ok(made(From::Nowhere, wanted.rate.unwrap_or(own)))
            }
            (_, None) => usage("the handler takes frames: give a video, a picture, or the word pattern, behind it"),
            (_, Some(file)) if file.as_os_str() == PATTERN => {
                let size = size.unwrap_or(USUAL_SIZE);
                Ok(made(From::Pattern(size), rate))
            }
            (_, Some(_)) if size.is_some() => usage("--size is for the pattern: a file has its own"),
            (_, Some(file)) => {
                let mut clip = open(file)?;
                let info = clip.info();
                let is_still = info.fps == 0.0 && info.duration.is_none();
                if is_still && let Some(shot) = clip.next().map_err(|error| unreadable(file, &error))? {
                    let frames = Some(frames.unwrap_or(1));
                    return Ok(Self { from: From::Still(shot.picture), rate, frames, known: None, given: 0 });
                }
                if wanted.rate.is_some() {
                    return usage("--fps is for the pattern, a still picture or a generator: a video has its own");
                }
                let known = info.duration.map(|time| (time.as_secs_f64() * f64::from(info.fps)).round() as u64);
                let rate = Rate::near(info.fps).unwrap_or(UNKNOWN);
                Ok(Self { from: From::Clip(clip), rate, frames, known: known.filter(|known| *known > 0), given: 0 })
            }
        }
    }

    /// Frames a second, on average.
    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// Frames that are to come all together, where that is known.
    pub(super) fn expected(&self) -> Option<u64> {
        match (self.frames, self.known) {
            (Some(frames), Some(known)) => Some(frames.min(known)),
            (frames, known) => frames.or(known),
        }
    }

    /// The next one; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Error> {
        if self.frames.is_some_and(|frames| self.given >= frames) {
            return Ok(None);
        }
        let (number, pts_us) = (self.given, self.rate.pts_us(self.given));
        let (picture, pts_us) = match &mut self.from {
            From::Nowhere => (None, pts_us),
            From::Still(picture) => (Some(picture.clone()), pts_us),
            From::Pattern(size) => {
                let picture = pattern::picture(*size, number);
                let picture = picture.ok_or_else(|| Error::Usage(format!("there are no pictures of {size}")))?;
                (Some(Arc::new(picture)), pts_us)
            }
            From::Clip(clip) => {
                let broken = |error| Error::Machine(format!("the input cannot be read at frame {number}: {error}"));
                let Some(shot) = clip.next().map_err(broken)? else { return Ok(None) };
                (Some(shot.picture), i64::try_from(shot.pts.as_micros()).unwrap_or(i64::MAX))
            }
        };
        self.given += 1;
        Ok(Some(Frame { picture, pts_us }))
    }
}

/// Opens a video or picture file.
pub(super) fn open(file: &Path) -> Result<Box<dyn Clip>, Error> {
    clip::open(file, &Bounds::default()).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &clip::Error) -> Error {
    let text = format!("cannot read {}: {error}", file.display());
    match error {
        clip::Error::Read(std::io::ErrorKind::NotFound) => Error::Usage(text),
        _ => Error::Machine(text),
    }
}

//! Opens video and picture files: those that are not read here are read by ffmpeg.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use framebox_ffmpeg::{Failure, Ffmpeg, Input, Options, Running};
use framebox_media::clip::{self, Bounds, Clip, Decode, Decoded, Piped};
use framebox_picture::Size;

use crate::Error;

/// Largest pictures of what ffmpeg decodes: larger ones are made smaller.
const DECODED: Size = Size::new(3840, 2160);
/// Longest time for its first picture.
const DECODING: Duration = Duration::from_secs(60);

/// Opens files. Clones are the same.
#[derive(Clone)]
pub(super) struct Files {
    ffmpeg: Result<Ffmpeg, Failure>,
}

impl Files {
    pub(super) fn new(ffmpeg: &Result<Ffmpeg, Failure>) -> Self {
        Self { ffmpeg: ffmpeg.clone() }
    }

    /// Opens a video or picture file.
    pub(super) fn open(&self, path: &Path) -> Result<Box<dyn Clip>, Error> {
        let error = match clip::open(path, &Bounds::default()) {
            Ok(clip) => return Ok(clip),
            Err(error) if !error.is_of_content() => return Err(unreadable(path, &error)),
            Err(error) => error,
        };
        let file = clip::file(path).map_err(|error| unreadable(path, &error))?;
        match Piped::open(self.decode(file), &Bounds::default()) {
            Ok(clip) => Ok(Box::new(clip)),
            Err(other) => Err(Error::Machine(format!("cannot read {}: {error}; {other}", path.display()))),
        }
    }

    fn decode(&self, file: File) -> Decode {
        let ffmpeg = self.ffmpeg.clone();
        Box::new(move || {
            let ffmpeg = ffmpeg.as_ref().map_err(Failure::to_string)?;
            let input = Input::Open(file.try_clone().map_err(|error| error.to_string())?.into());
            let options = Options::on_demand(DECODED.width, DECODED.height);
            let mut running = ffmpeg.start(&input, &options).map_err(|error| error.to_string())?;
            running.wait(DECODING).map_err(|failure| failure.to_string())?;
            let Running { output, run } = running;
            Ok(Decoded { pipe: output, permit: Box::new(run) })
        })
    }
}

/// The error of a file that cannot be read.
pub(super) fn unreadable(file: &Path, error: &clip::Error) -> Error {
    let text = format!("cannot read {}: {error}", file.display());
    match error {
        clip::Error::Read(std::io::ErrorKind::NotFound) => Error::Usage(text),
        _ => Error::Machine(text),
    }
}

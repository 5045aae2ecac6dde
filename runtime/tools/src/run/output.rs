//! Writes the pictures of a run.

use std::path::{Path, PathBuf};

use framebox_picture::Picture;

use super::mp4::Mp4;
use super::rate::Rate;
use super::stills::Stills;
use super::y4m::Y4m;
use crate::Error;

/// The format and path of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Y4m(PathBuf),
    Mp4(PathBuf),
    Directory(PathBuf),
}

impl Destination {
    /// Parses `--output`; `None` if no pictures are to be written.
    pub(super) fn parse(path: &Path) -> Result<Option<Self>, Error> {
        if path.as_os_str() == "-" {
            return Ok(None);
        }
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        let with_path = match extension.as_deref().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => Self::Directory,
            Some("y4m") => Self::Y4m,
            Some("mp4") => Self::Mp4,
            None => Self::Directory,
            Some(_) => {
                let text = "write to a file that ends in .y4m or .mp4, to a directory, or to `-` for no pictures";
                return Err(Error::Usage(format!("{}: unknown output format: {text}", path.display())));
            }
        };
        Ok(Some(with_path(path.to_owned())))
    }

    pub(super) fn path(&self) -> &Path {
        let (Self::Y4m(path) | Self::Mp4(path) | Self::Directory(path)) = self;
        path
    }
}

/// An output while it is written.
pub(super) enum Output {
    Y4m(Y4m),
    Mp4(Box<Mp4>),
    Stills(Stills),
}

impl Output {
    /// Creates the file or directory.
    pub(super) fn create(destination: Destination, rate: Rate) -> Result<Self, Error> {
        Ok(match destination {
            Destination::Y4m(path) => Self::Y4m(Y4m::create(path, rate)?),
            Destination::Mp4(path) => Self::Mp4(Box::new(Mp4::create(path, rate)?)),
            Destination::Directory(path) => Self::Stills(Stills::create(path)?),
        })
    }

    /// Writes the picture of a frame.
    pub(super) fn picture(&mut self, sequence: u64, pts_us: i64, picture: &Picture) -> Result<(), Error> {
        match self {
            Self::Y4m(y4m) => y4m.picture(picture),
            Self::Mp4(mp4) => mp4.picture(pts_us, picture),
            Self::Stills(stills) => stills.picture(sequence, picture),
        }
    }

    /// Repeats the last picture for a frame without one. Formats whose pictures have a time or a number need nothing for that.
    pub(super) fn repeat(&mut self, last: &Picture) -> Result<(), Error> {
        match self {
            Self::Y4m(y4m) => y4m.picture(last),
            Self::Mp4(_) | Self::Stills(_) => Ok(()),
        }
    }

    /// Completes the output; returns its path if it has pictures.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, Error> {
        match self {
            Self::Y4m(y4m) => y4m.finish(),
            Self::Mp4(mp4) => mp4.finish(),
            Self::Stills(stills) => Ok(stills.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_determines_the_format() {
        let parse = |path: &str| Destination::parse(Path::new(path));
        assert_eq!(parse("-").unwrap(), None);
        assert_eq!(parse("a.Y4M").unwrap(), Some(Destination::Y4m("a.Y4M".into())));
        assert_eq!(parse("a/b.mp4").unwrap(), Some(Destination::Mp4("a/b.mp4".into())));
        assert_eq!(parse("frames").unwrap(), Some(Destination::Directory("frames".into())));
        assert!(parse("a.avi").unwrap_err().to_string().contains(".y4m or .mp4"));
    }
}

//! Where pictures go.

use std::path::{Path, PathBuf};

use framebox_picture::{Picture, Size};

use super::mp4::Mp4;
use super::rate::Rate;
use super::stills::Stills;
use super::y4m::Y4m;
use crate::Error;

/// A kind of output, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Y4m(PathBuf),
    Mp4(PathBuf),
    Directory(PathBuf),
}

impl Form {
    /// What somebody means by `--output`; none: nothing is to be written.
    pub(super) fn of(path: &Path) -> Result<Option<Self>, Error> {
        if path.as_os_str() == "-" {
            return Ok(None);
        }
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        let form = match extension.as_deref().and_then(|extension| extension.to_str()) {
            _ if path.is_dir() => Self::Directory,
            Some("y4m") => Self::Y4m,
            Some("mp4") => Self::Mp4,
            None => Self::Directory,
            Some(_) => {
                let text = "the output is a file .y4m or .mp4, a directory, or -";
                return Err(Error::Usage(format!("{}: {text}", path.display())));
            }
        };
        Ok(Some(form(path.to_owned())))
    }

    pub(super) fn path(&self) -> &Path {
        let (Self::Y4m(path) | Self::Mp4(path) | Self::Directory(path)) = self;
        path
    }
}

/// Pictures on their way to a file.
pub(super) enum Output {
    Y4m(Y4m),
    Mp4(Box<Mp4>),
    Stills(Stills),
}

impl Output {
    pub(super) fn create(form: Form, rate: Rate) -> Result<Self, Error> {
        Ok(match form {
            Form::Y4m(path) => Self::Y4m(Y4m::create(path, rate)?),
            Form::Mp4(path) => Self::Mp4(Box::new(Mp4::create(path, rate)?)),
            Form::Directory(path) => Self::Stills(Stills::create(path)?),
        })
    }

    /// The picture of a frame.
    pub(super) fn picture(&mut self, sequence: u64, pts_us: i64, picture: &Picture) -> Result<(), Error> {
        match self {
            Self::Y4m(y4m) => y4m.picture(picture),
            Self::Mp4(mp4) => mp4.picture(pts_us, picture),
            Self::Stills(stills) => stills.picture(sequence, picture),
        }
    }

    /// A frame for which the last picture stands. Where pictures have a time or a number, that needs nothing.
    pub(super) fn again(&mut self, last: &Picture) -> Result<(), Error> {
        match self {
            Self::Y4m(y4m) => y4m.picture(last),
            Self::Mp4(_) | Self::Stills(_) => Ok(()),
        }
    }

    /// Ends it well; tells where the pictures are, if there are any.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, Error> {
        match self {
            Self::Y4m(y4m) => y4m.finish(),
            Self::Mp4(mp4) => mp4.finish(),
            Self::Stills(stills) => Ok(stills.finish()),
        }
    }
}

/// Pictures of one video have one size.
pub(super) fn same_size(first: &mut Option<Size>, size: Size) -> Result<(), Error> {
    match *first.get_or_insert(size) {
        first if first == size => Ok(()),
        first => Err(Error::Machine(format!(
            "the pictures change from {first} to {size}, which a video file cannot hold: write them into a directory"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_form() {
        let form = |path: &str| Form::of(Path::new(path));
        assert_eq!(form("-").unwrap(), None);
        assert_eq!(form("a.Y4M").unwrap(), Some(Form::Y4m("a.Y4M".into())));
        assert_eq!(form("a/b.mp4").unwrap(), Some(Form::Mp4("a/b.mp4".into())));
        assert_eq!(form("frames").unwrap(), Some(Form::Directory("frames".into())));
        assert!(form("a.avi").unwrap_err().to_string().contains(".y4m or .mp4"));
    }
}

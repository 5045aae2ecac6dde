//! What can be wrong with a file. The texts are for whoever writes the handler that reads it.

use std::io::ErrorKind;

use framebox_picture::Size;

/// Why a file gives no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system says no.
    #[error("the file cannot be read: {0}")]
    Read(ErrorKind),
    /// A directory, a device, a pipe.
    #[error("it is not a regular file")]
    NotAFile,
    /// No kind that is known.
    #[error("it is none of the kinds that can be read: MP4 with H.264, Y4M, GIF, WebP, PNG, JPEG")]
    Unknown,
    /// A known kind in a form that is not read.
    #[error("{0}")]
    Unsupported(String),
    /// It contradicts itself or its kind.
    #[error("the file is damaged: {0}")]
    Broken(String),
    /// It ends before it should.
    #[error("the file is cut off: it ends before {0}")]
    CutOff(&'static str),
    /// More than the bounds allow.
    #[error("the file is too large: {what} would be more than the {most} that are allowed")]
    TooMuch {
        /// What there is too much of, with its unit.
        what: &'static str,
        /// The bound.
        most: u64,
    },
    /// Decoding a picture would take more memory than the bounds allow.
    #[error("decoding a picture of it would take too much memory")]
    Memory,
    /// Pictures larger than the bounds allow.
    #[error("pictures of {size} are more than the {most} pixels that are allowed")]
    TooLarge {
        /// What the file announces.
        size: Size,
        /// The bound, pixels.
        most: u64,
    },
    /// The container has no way to find a time.
    #[error("this file allows no seeking but to its beginning")]
    NoSeek,
    /// Too many pictures would have to be decoded on the way.
    #[error("too many pictures would have to be decoded to get to that time; give the video keyframes more often")]
    TooFar,
    /// The decoder of the host does not start.
    #[error("the decoder failed")]
    Decoder,
}

impl From<framebox_picture::Error> for Error {
    fn from(error: framebox_picture::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error.kind())
    }
}

/// The size, if pictures of it are allowed.
pub(super) fn allowed(size: Size, most: u64) -> Result<Size, Error> {
    if size.width == 0 || size.height == 0 {
        return Err(Error::Broken("its pictures have no area".into()));
    }
    if size.pixels() > most || !size.is_valid() {
        return Err(Error::TooLarge { size, most });
    }
    Ok(size)
}

//! The errors of reading a file. The messages are for the author of the handler that reads it.

use std::io::ErrorKind;

use framebox_picture::Size;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system returned an error.
    #[error("the file cannot be read: {0}")]
    Read(ErrorKind),
    /// The path is a directory, a device or a pipe.
    #[error("it is not a regular file")]
    NotAFile,
    /// The file type is unknown.
    #[error("it is none of the kinds that can be read: MP4 with H.264, Y4M, GIF, WebP, PNG, JPEG")]
    Unknown,
    /// The file type is known, but not this variant of it.
    #[error("{0}")]
    Unsupported(String),
    /// The video is coded in a way that only ffmpeg decodes.
    #[error(
        "its video is coded as {name}, which only ffmpeg decodes: install ffmpeg, or convert the file to H.264 with 8 bits in 4:2:0"
    )]
    Codec {
        /// Name of the codec.
        name: String,
    },
    /// The content is invalid.
    #[error("the file is damaged: {0}")]
    Broken(String),
    /// The file ends too early.
    #[error("the file is truncated: it ends before {0}")]
    CutOff(&'static str),
    /// The file exceeds the bounds.
    #[error("the file is too large: {what} would be more than the {most} that are allowed")]
    TooMuch {
        /// The quantity that exceeds its bound.
        what: &'static str,
        /// Its bound.
        most: u64,
    },
    /// Decoding a picture would take more memory than the bounds allow.
    #[error("decoding a picture of it would take too much memory")]
    Memory,
    /// The pictures are larger than the bounds allow.
    #[error("pictures of {size} exceed the {most} pixels that are allowed")]
    TooLarge {
        /// Size that the file announces.
        size: Size,
        /// Bound, pixels.
        most: u64,
    },
    /// The file does not allow seeking to a time.
    #[error("this file only allows seeking to its beginning")]
    NoSeek,
    /// Seeking would have to decode too many pictures.
    #[error("seeking to that time would have to decode too many pictures; encode the video with more keyframes")]
    TooFar,
    /// The host's decoder did not start.
    #[error("the host's decoder did not start")]
    Decoder,
}

impl Error {
    /// Whether it is about the file's content, which another reader may be able to read.
    pub fn is_of_content(&self) -> bool {
        !matches!(self, Self::Read(_) | Self::NotAFile | Self::NoSeek | Self::TooFar | Self::Decoder)
    }
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

/// Returns the size if pictures of that size are allowed.
pub(super) fn allowed(size: Size, most: u64) -> Result<Size, Error> {
    if size.width == 0 || size.height == 0 {
        return Err(Error::Broken("its pictures have no pixels".into()));
    }
    if size.pixels() > most || !size.is_valid() {
        return Err(Error::TooLarge { size, most });
    }
    Ok(size)
}

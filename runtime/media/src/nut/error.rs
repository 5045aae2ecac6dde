//! The errors of reading a stream.

use std::io::ErrorKind;

use framebox_picture::Size;

/// Why a stream cannot be read. Nothing after it can be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The reader returned an error.
    #[error("the stream cannot be read: {0}")]
    Read(ErrorKind),
    /// It ends before its first frame.
    #[error("there is no picture")]
    Empty,
    /// It ends within a frame or a header.
    #[error("the stream breaks off")]
    CutOff,
    /// It is not what is read here.
    #[error("the stream is not what was expected: {0}")]
    Unsupported(&'static str),
    /// What it says makes no sense.
    #[error("the stream is damaged: {0}")]
    Broken(&'static str),
    /// The pictures are larger than the bounds allow.
    #[error("pictures of {size} exceed the {most} pixels that are allowed")]
    TooLarge {
        /// Size that the stream announces.
        size: Size,
        /// Bound, pixels.
        most: u64,
    },
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::CutOff,
            kind => Self::Read(kind),
        }
    }
}

//! The trait that all types of files implement.

use std::sync::Arc;
use std::time::Duration;

use framebox_picture::{Picture, Size};

use super::error::Error;

/// An open video or image file.
pub trait Clip: Send {
    /// Returns the properties of the clip.
    fn info(&self) -> Info;

    /// Returns the memory that the open file takes, bytes: decoder, buffers, index, recycled pictures.
    fn memory(&self) -> usize;

    /// Returns the next picture in presentation order, or none at the end.
    ///
    /// # Errors
    /// If the file is invalid. The same error is returned until a seek succeeds.
    fn next(&mut self) -> Result<Option<Frame>, Error>;

    /// Seeks to a time: the next picture is the one shown at that time, or none after the end.
    ///
    /// # Errors
    /// [`Error::NoSeek`] if the file does not allow it, [`Error::TooFar`] if too much would have to be decoded. Seeking to the
    /// beginning is always allowed.
    fn seek(&mut self, to: Duration) -> Result<(), Error>;
}

/// The properties of a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// Size of the first picture. A video may change its size.
    pub size: Size,
    /// Mean frame rate, frames per second; 0 if unknown.
    pub fps: f32,
    /// Duration from the first picture to the end of the last; none if unknown.
    pub duration: Option<Duration>,
}

/// A picture of a clip with its time.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The picture.
    pub picture: Arc<Picture>,
    /// Presentation time, relative to the first picture.
    pub pts: Duration,
}

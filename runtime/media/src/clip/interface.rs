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

/// The properties of a clip. Its pictures are upright, have square pixels, and are in BT.601, limited range, whatever they are
/// in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// Size of the first picture. A video may change its size.
    pub size: Size,
    /// Mean frame rate, frames per second; 0 if unknown.
    pub fps: f32,
    /// Duration until the end of the last picture; none if unknown.
    pub duration: Option<Duration>,
    /// What else is in the file and never shown, such as "audio"; empty for most.
    pub dropped: Vec<&'static str>,
}

/// A picture of a clip with its time.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The picture.
    pub picture: Arc<Picture>,
    /// Presentation time. The first picture is shown at 0, unless the file itself delays it.
    pub pts: Duration,
}

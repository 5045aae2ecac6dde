//! Reads video and image files picture by picture.
//!
//! **Files are untrusted: the work and memory that they cause stay within [`Bounds`], and errors contain no path.**
//!
//! | module | contents |
//! |---|---|
//! | `mp4` | MP4 and QuickTime with H.264 |
//! | `y4m` | YUV4MPEG2, uncompressed |
//! | `animation` | animated GIF, WebP and PNG |
//! | `still` | PNG, JPEG, GIF and WebP |
//! | `open` | [`open()`]: detects the type of a file |
//! | `looping` | [`Looping`]: repeats a clip |

mod animation;
mod bounds;
mod error;
mod file;
mod image_thread;
mod looping;
mod mp4;
mod open;
mod rgba;
mod still;
mod y4m;

use std::sync::Arc;
use std::time::Duration;

use framebox_picture::{Picture, Size};

pub use bounds::Bounds;
pub use error::Error;
pub use looping::Looping;
pub use open::open;

/// An open video or image file.
pub trait Clip: Send {
    /// Returns the properties of the clip.
    fn info(&self) -> Info;

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

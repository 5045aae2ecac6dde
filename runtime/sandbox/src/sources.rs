//! The videos and pictures that an operator grants to a handler by name.

use std::sync::Arc;

use framebox_picture::{Picture, Size};

/// The sources granted to an instance.
pub trait Sources: Send + Sync {
    /// Opens the source `name` from its beginning.
    ///
    /// # Errors
    /// A message for the guest if no such source was granted or it cannot be opened.
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String>;
}

/// An open source. Time spent in it counts towards the budget of the guest's call.
pub trait Source: Send {
    /// Returns the properties of the source.
    fn info(&self) -> SourceInfo;
    /// Returns the memory that the open source takes on the host, bytes: decoder, buffers, index.
    fn memory(&self) -> usize;
    /// Returns the next frame, or none at the end.
    ///
    /// # Errors
    /// A message for the guest.
    fn next(&mut self) -> Result<Option<SourceFrame>, String>;
    /// Seeks to a time, µs from the beginning.
    ///
    /// # Errors
    /// A message for the guest, also if the source cannot seek.
    fn seek(&mut self, pts_us: i64) -> Result<(), String>;
}

/// A picture of a source with its time.
#[derive(Clone, Debug)]
pub struct SourceFrame {
    /// The picture.
    pub picture: Arc<Picture>,
    /// Presentation time, µs from the beginning of the source.
    pub pts_us: i64,
}

/// The properties of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceInfo {
    /// Size of the pictures.
    pub size: Size,
    /// Frames per second; 0 if unknown.
    pub fps: f32,
    /// Duration, µs; none if unknown or endless.
    pub duration_us: Option<i64>,
    /// Whether frames arrive in real time, whether they are read or not.
    pub live: bool,
}

/// Grants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSources;

impl Sources for NoSources {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        let name: String = name.chars().take(80).collect();
        Err(format!("no source {name:?} was granted to this handler"))
    }
}

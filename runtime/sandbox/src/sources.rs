//! Videos and pictures that an operator grants to a handler by name.

use std::sync::Arc;

use framebox_picture::{Picture, Size};

/// What is granted to an instance.
pub trait Sources: Send + Sync {
    /// Opens the source `name` from its beginning.
    ///
    /// # Errors
    /// A text for the guest: no such source was granted, or it cannot be opened.
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String>;
}

/// One opened source. Its time counts towards the budget of the call that uses it.
pub trait Source: Send {
    /// What is known of it.
    fn info(&self) -> SourceInfo;
    /// The next picture; none at the end.
    ///
    /// # Errors
    /// A text for the guest.
    fn next(&mut self) -> Result<Option<SourceFrame>, String>;
    /// Goes to a time, µs from the beginning.
    ///
    /// # Errors
    /// A text for the guest, also when the source cannot seek.
    fn seek(&mut self, pts_us: i64) -> Result<(), String>;
}

/// One picture of a source.
#[derive(Clone, Debug)]
pub struct SourceFrame {
    /// Its pixels.
    pub picture: Arc<Picture>,
    /// When it is shown, µs from the beginning of the source.
    pub pts_us: i64,
}

/// What is known of a source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceInfo {
    /// Size of its pictures.
    pub size: Size,
    /// Frames a second; 0 when not known.
    pub fps: f32,
    /// Length, µs; none when not known or endless.
    pub duration_us: Option<i64>,
    /// It goes on whether or not it is read.
    pub live: bool,
}

/// Grants nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSources;

impl Sources for NoSources {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        Err(format!("no source {name:?} was granted to this handler"))
    }
}

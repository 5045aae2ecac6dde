//! The renditions of a processed video.

use std::sync::Arc;

use super::attachment::Attachment;
use super::rendition::Rendition;
use super::shown::Shown;
use super::viewer::Viewer;

/// A processed video: a session's results, encoded once for each rendition. An observer's stream has none.
#[derive(Debug)]
pub struct Stream {
    renditions: Vec<Rendition>,
}

impl Stream {
    /// A stream with these renditions.
    pub fn new(renditions: Vec<Rendition>) -> Self {
        Self { renditions }
    }

    /// Attaches a viewer to the first rendition. None when the stream has no pictures.
    pub fn attach(&self, viewer: Arc<dyn Viewer>) -> Option<Attachment> {
        self.renditions.first().map(|rendition| rendition.attach(viewer))
    }

    /// True while every rendition has room for a picture.
    pub fn has_room(&self) -> bool {
        self.renditions.iter().all(Rendition::has_room)
    }

    /// Gives a picture to every rendition. False when none of them takes it: nothing is reported of it then.
    pub fn show(&self, picture: &Shown) -> bool {
        let shown = self.renditions.iter().filter(|rendition| rendition.show(picture.clone()).is_ok());
        shown.count() > 0
    }

    /// The bit rate of the first rendition, bits a second.
    pub fn bitrate(&self) -> Option<u32> {
        self.renditions.first().map(Rendition::bitrate)
    }

    /// Encodes what waits and ends the renditions. Blocks until that is done.
    pub fn close(&self) {
        self.renditions.iter().for_each(Rendition::close);
    }
}

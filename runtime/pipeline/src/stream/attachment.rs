//! Keeps a viewer attached to its rendition.

use std::sync::Weak;

use super::viewers::{Shared, ViewerId};

/// Keeps a viewer attached to its rendition until it is dropped. A frame that is under way at that moment may still
/// arrive.
#[derive(Debug)]
pub struct Attachment {
    rendition: Weak<Shared>,
    id: ViewerId,
}

impl Attachment {
    pub(super) fn new(rendition: Weak<Shared>, id: ViewerId) -> Self {
        Self { rendition, id }
    }

    /// Asks for a keyframe. Wishes that come before the next picture is encoded, from this viewer or others, are one.
    pub fn request_keyframe(&self) {
        if let Some(rendition) = self.rendition.upgrade() {
            rendition.lock().keyframe = true;
        }
    }

    /// Says what the path to this viewer carries, bits a second.
    pub fn set_bitrate(&self, bits_per_second: u32) {
        if let Some(rendition) = self.rendition.upgrade() {
            rendition.lock().viewers.set_bitrate(self.id, bits_per_second);
        }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        if let Some(rendition) = self.rendition.upgrade() {
            let detached = rendition.lock().viewers.detach(self.id);
            drop(detached);
        }
    }
}

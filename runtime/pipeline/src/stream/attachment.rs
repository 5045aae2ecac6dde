//! Keeps a viewer attached to its rendition.

use std::sync::Weak;

use super::viewers::ViewerId;

/// What viewers are attached to.
pub(super) trait Audience: Send + Sync + std::fmt::Debug {
    /// A viewer wants a keyframe.
    fn request_keyframe(&self);
    /// The path to a viewer carries so much, bits a second.
    fn set_bitrate(&self, id: ViewerId, bits_per_second: u32);
    /// Whether the path to a viewer takes nothing more at this moment.
    fn set_blocked(&self, id: ViewerId, blocked: bool);
    /// A viewer is gone.
    fn detach(&self, id: ViewerId);
}

/// Keeps a viewer attached to its rendition until it is dropped. A frame that is under way at that moment may still
/// arrive.
#[derive(Debug)]
pub struct Attachment {
    audience: Weak<dyn Audience>,
    id: ViewerId,
}

impl Attachment {
    pub(super) fn new(audience: Weak<dyn Audience>, id: ViewerId) -> Self {
        Self { audience, id }
    }

    /// Asks for a keyframe. Wishes that come before the next picture is encoded, from this viewer or others, are one.
    pub fn request_keyframe(&self) {
        if let Some(audience) = self.audience.upgrade() {
            audience.request_keyframe();
        }
    }

    /// Says what the path to this viewer carries, bits a second.
    pub fn set_bitrate(&self, bits_per_second: u32) {
        if let Some(audience) = self.audience.upgrade() {
            audience.set_bitrate(self.id, bits_per_second);
        }
    }

    /// Says whether the path to this viewer takes nothing more at this moment. While that is so for all viewers of a stream, its
    /// frames are skipped before they are processed.
    pub fn set_blocked(&self, blocked: bool) {
        if let Some(audience) = self.audience.upgrade() {
            audience.set_blocked(self.id, blocked);
        }
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        if let Some(audience) = self.audience.upgrade() {
            audience.detach(self.id);
        }
    }
}

//! Keeps a viewer attached to a stream.

use std::fmt;
use std::sync::Weak;

use super::audience::{Shared, ViewerId};

/// Keeps a viewer attached to a stream until it is dropped. A frame that is under way at that moment may still arrive.
pub struct Attachment {
    audience: Weak<Shared>,
    id: ViewerId,
}

impl Attachment {
    pub(super) fn new(audience: Weak<Shared>, id: ViewerId) -> Self {
        Self { audience, id }
    }

    /// Asks for a keyframe. What several viewers of a rendition wish for within half a second is one, and who wishes for many
    /// gets few.
    pub fn request_keyframe(&self) {
        if let Some(audience) = self.audience.upgrade() {
            audience.request_keyframe(self.id);
        }
    }

    /// Says what the path to this viewer carries, bits a second. A viewer of which this is never said, such as a recorder, takes
    /// what the others leave it with.
    pub fn set_bitrate(&self, bits_per_second: u32) {
        if let Some(audience) = self.audience.upgrade() {
            audience.set_bitrate(self.id, bits_per_second);
        }
    }

    /// Says whether the path to this viewer takes nothing more at this moment. While that is so for all viewers of a stream, its
    /// frames are skipped before they are processed; one of several misses frames when it lasts, and goes on with a keyframe.
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

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment").field("id", &self.id).finish_non_exhaustive()
    }
}

//! Who receives a rendition.

use framebox_media::EncodedFrame;

/// Takes the encoded frames of a rendition. Called on the rendition's thread; returns at once.
pub trait Viewer: Send + Sync {
    /// An encoded frame is to be sent. The bytes are shared with the other viewers of the rendition.
    fn frame(&self, frame: EncodedFrame);
}

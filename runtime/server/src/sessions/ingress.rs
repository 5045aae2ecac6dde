//! From the publisher to the pipeline.

use std::sync::Arc;

use framebox_media::EncodedFrame;
use framebox_pipeline::Upstream;

use super::ends::Ends;

/// Passes the peer's frames to the pipeline, and the pipeline's wishes to the peer.
pub struct Ingress {
    ends: Arc<Ends>,
}

impl Ingress {
    /// Creates the way between these ends.
    pub fn new(ends: Arc<Ends>) -> Self {
        Self { ends }
    }

    /// A frame arrived.
    pub fn frame(&self, frame: EncodedFrame) {
        if let Some(session) = self.ends.session() {
            session.push(frame);
        }
    }
}

impl Upstream for Ingress {
    fn request_keyframe(&self) {
        if let Some(peer) = self.ends.peer() {
            peer.request_keyframe();
        }
    }
}

//! From the publisher to the pipeline.

use std::sync::{Arc, Mutex, PoisonError};

use framebox_media::EncodedFrame;
use framebox_pipeline::{Upstream, Viewer};

use super::ends::Ends;

/// Passes the peer's frames to the pipeline, and the pipeline's wishes to the peer.
pub struct Ingress {
    ends: Arc<Ends>,
    tap: Mutex<Option<Arc<dyn Viewer>>>,
}

impl Ingress {
    /// Creates the way between these ends.
    pub fn new(ends: Arc<Ends>) -> Self {
        Self { ends, tap: Mutex::default() }
    }

    /// Frames are shown to `tap`, too, as they come; none: to nobody else any more.
    pub fn tap(&self, tap: Option<Arc<dyn Viewer>>) {
        let before = std::mem::replace(&mut *self.tap.lock().unwrap_or_else(PoisonError::into_inner), tap);
        drop(before);
    }

    /// A frame arrived.
    pub fn frame(&self, frame: EncodedFrame) {
        let tap = self.tap.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(tap) = tap {
            tap.frame(frame.clone());
        }
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

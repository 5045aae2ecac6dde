//! From a rendition to the viewer.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use framebox_media::EncodedFrame;
use framebox_pipeline::{Attachment, Viewer};
use framebox_worker::RunningSession;

use super::ends::Ends;

/// Passes encoded frames to the peer, and what the peer says of the path to the rendition.
pub struct Egress {
    ends: Arc<Ends>,
    attachment: OnceLock<Attachment>,
}

impl Egress {
    /// Creates the way between these ends.
    pub(super) fn new(ends: Arc<Ends>) -> Self {
        Self { ends, attachment: OnceLock::new() }
    }

    /// Attaches it to the stream of `session`, which has started. An observer's stream has no pictures.
    pub(super) fn attach(self: &Arc<Self>, session: &RunningSession) {
        if let Some(attachment) = session.attach(self.clone()) {
            // Another one would be detached at once.
            let _ = self.attachment.set(attachment);
        }
    }

    /// The peer cannot go on without a keyframe.
    pub fn keyframe_wanted(&self) {
        if let Some(attachment) = self.attachment.get() {
            attachment.request_keyframe();
        }
    }

    /// The path to the peer carries so many bits a second.
    pub fn bitrate(&self, bits_per_second: u32) {
        if let Some(attachment) = self.attachment.get() {
            attachment.set_bitrate(bits_per_second);
        }
    }

    /// Whether the path to the peer takes nothing more at this moment.
    pub fn blocked(&self, blocked: bool) {
        if let Some(attachment) = self.attachment.get() {
            attachment.set_blocked(blocked);
        }
    }

    /// The first packet of a frame left.
    pub fn sent(&self, rtp_timestamp: u32, first_packet: Instant) {
        if let Some(session) = self.ends.session() {
            session.sent(rtp_timestamp, first_packet);
        }
    }
}

impl Viewer for Egress {
    fn frame(&self, frame: EncodedFrame) {
        if let Some(peer) = self.ends.peer() {
            peer.send_frame(frame);
        }
    }
}

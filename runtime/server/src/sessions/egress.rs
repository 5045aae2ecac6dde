//! From a rendition to the viewer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use framebox_media::EncodedFrame;
use framebox_pipeline::{Attachment, Needs, Viewer};
use framebox_worker::RunningSession;

use super::ends::Ends;
use super::splice::Splice;

/// Passes encoded frames to the peer, and what the peer says of the path to the rendition.
pub struct Egress {
    ends: Arc<Ends>,
    attachment: Mutex<Option<Attachment>>,
    needs: Mutex<Option<Needs>>,
    splice: Mutex<Splice>,
    /// What the peer says of times is the session's.
    reports: AtomicBool,
}

impl Egress {
    /// Creates the way between these ends.
    pub fn new(ends: Arc<Ends>) -> Self {
        Self {
            ends,
            attachment: Mutex::default(),
            needs: Mutex::default(),
            splice: Mutex::default(),
            reports: AtomicBool::new(true),
        }
    }

    /// What the peer takes.
    pub fn set_needs(&self, needs: Needs) {
        *lock(&self.needs) = Some(needs);
    }

    /// What the peer takes, once that is known.
    pub fn needs(&self) -> Option<Needs> {
        *lock(&self.needs)
    }

    /// Attaches it to the stream of `session`, which has started, in place of the one before, once the peer's needs are known. An observer's stream has no
    /// pictures.
    pub fn attach(self: &Arc<Self>, session: &RunningSession) {
        let needs = *lock(&self.needs);
        let attachment = needs.and_then(|needs| session.attach(needs, self.clone()));
        lock(&self.splice).cut();
        // The one before is detached without the lock.
        let before = std::mem::replace(&mut *self.attachment(), attachment);
        drop(before);
    }

    /// Detaches it: no frame comes any more.
    pub fn detach(&self) {
        let before = self.attachment().take();
        drop(before);
    }

    /// The peer cannot go on without a keyframe.
    pub fn keyframe_wanted(&self) {
        if let Some(attachment) = &*self.attachment() {
            attachment.request_keyframe();
        }
    }

    /// The path to the peer carries so many bits a second.
    pub fn bitrate(&self, bits_per_second: u32) {
        if let Some(attachment) = &*self.attachment() {
            attachment.set_bitrate(bits_per_second);
        }
    }

    /// Whether the path to the peer takes nothing more at this moment.
    pub fn blocked(&self, blocked: bool) {
        if let Some(attachment) = &*self.attachment() {
            attachment.set_blocked(blocked);
        }
    }

    /// Whether what the peer says of times is the session's: of many viewers one is enough.
    pub fn set_reports(&self, reports: bool) {
        self.reports.store(reports, Ordering::Relaxed);
    }

    /// Whether it is.
    pub fn reports(&self) -> bool {
        self.reports.load(Ordering::Relaxed)
    }

    /// The first packet of a frame left.
    pub fn sent(&self, rtp_timestamp: u32, first_packet: Instant) {
        if !self.reports() {
            return;
        }
        let rtp_timestamp = lock(&self.splice).unmap(rtp_timestamp);
        if let Some(session) = self.ends.session() {
            session.sent(rtp_timestamp, first_packet);
        }
    }

    fn attachment(&self) -> MutexGuard<'_, Option<Attachment>> {
        lock(&self.attachment)
    }
}

impl Viewer for Egress {
    fn frame(&self, mut frame: EncodedFrame) {
        if let Some(peer) = self.ends.peer() {
            frame.rtp_timestamp = lock(&self.splice).map(frame.captured, frame.rtp_timestamp);
            peer.send_frame(frame);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

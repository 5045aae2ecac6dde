//! One rendition, as its viewers see it.

use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_picture::{Charge, MemoryAccount, Size};

use crate::stream::encoders::{Ask, Coded, Format, RenditionId};
use crate::stream::keyframes::FOLD;

/// A rendition that was begun.
pub(super) struct Running {
    pub(super) id: RenditionId,
    pub(super) format: Format,
    /// What it was last asked for; none before it is begun.
    pub(super) ask: Option<Ask>,
    /// Of its last picture.
    pub(super) size: Option<Size>,
    keyframe: Option<Kept>,
}

/// Its last keyframe.
struct Kept {
    frame: EncodedFrame,
    at: Instant,
    /// No frame came after it.
    is_last: bool,
    _charge: Charge,
}

/// What somebody who comes later is shown first.
pub(super) struct First {
    pub(super) frame: EncodedFrame,
    /// The next frame of the rendition follows it.
    pub(super) is_complete: bool,
}

impl Running {
    pub(super) fn new(id: RenditionId, format: Format) -> Self {
        Self { id, format, ask: None, size: None, keyframe: None }
    }

    /// A picture was encoded.
    pub(super) fn coded(&mut self, now: Instant, coded: &Coded, account: &MemoryAccount) {
        self.size = Some(coded.size);
        if coded.frame.keyframe {
            // Without memory for it, whoever comes later waits for another one.
            self.keyframe = None;
            let charge = account.charge(coded.frame.data.len()).ok();
            let kept = |charge| Kept { frame: coded.frame.clone(), at: now, is_last: true, _charge: charge };
            self.keyframe = charge.map(kept);
        } else if let Some(kept) = &mut self.keyframe {
            kept.is_last = false;
        }
    }

    /// The last keyframe, if it shows the present, or another one has to wait.
    pub(super) fn first(&self, now: Instant) -> Option<First> {
        let kept = self.keyframe.as_ref()?;
        let passed = now.saturating_duration_since(kept.at);
        (kept.is_last || passed < FOLD).then(|| First { frame: later(&kept.frame, passed), is_complete: kept.is_last })
    }
}

/// The frame, as if it had been coded later.
fn later(frame: &EncodedFrame, by: Duration) -> EncodedFrame {
    // 90 kHz (RFC 3551 §5).
    let ticks = (by.as_micros() * 9 / 100) as u32;
    EncodedFrame {
        rtp_timestamp: frame.rtp_timestamp.wrapping_add(ticks),
        captured: frame.captured.checked_add(by).unwrap_or(frame.captured),
        ..frame.clone()
    }
}

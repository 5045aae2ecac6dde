//! One viewer of a stream: which frames it is sent.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;

use super::crowd::Delivery;
use crate::stream::encoders::{Coded, RenditionId};
use crate::stream::keyframes::Allowance;
use crate::stream::layers::Path;
use crate::stream::needs::Needs;

/// One of several viewers whose path takes nothing for this long misses frames.
const HOLD: Duration = Duration::from_millis(120);
/// Frames that wait while the viewer is called, at most.
const MOST_WAITING: usize = 64;
/// Steps back on the RTP clock by up to this are renditions that show the same picture, ticks; further ones are another clock.
const SAME_CLOCK: i32 = 90_000;

/// Stands for a viewer of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ViewerId(pub(super) u64);

/// One viewer.
pub(super) struct Seat<V> {
    pub(super) id: ViewerId,
    pub(super) viewer: V,
    pub(super) needs: Needs,
    /// What is known of the path to it.
    pub(super) path: Path,
    /// The rendition whose frames it is sent.
    pub(super) at: RenditionId,
    /// The one that it changes to with that one's next keyframe.
    pub(super) to: Option<RenditionId>,
    /// It cannot go on without a keyframe: nothing else is sent.
    pub(super) awaits_keyframe: bool,
    /// A wish of it is to be passed on when it may have one.
    pub(super) wishes: bool,
    pub(super) allowance: Allowance,
    /// Since when the path to it takes nothing more.
    blocked: Option<Instant>,
    /// RTP timestamp of the last frame, and when it was sent.
    last: Option<(u32, Instant)>,
    /// What is added to the timestamps of a clock that has stood still.
    offset: u32,
    /// It is being called: what comes meanwhile waits.
    is_called: bool,
    waiting: VecDeque<EncodedFrame>,
}

/// What becomes of a coded picture for one viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is sent.
    Sent,
    /// It is sent, and the viewer has changed to its rendition.
    Changed,
    /// It is not.
    Not,
}

impl<V: Clone> Seat<V> {
    /// A viewer of a rendition, which is sent its next keyframe.
    pub(super) fn new(id: ViewerId, viewer: V, needs: Needs, at: RenditionId) -> Self {
        Self {
            id,
            viewer,
            needs,
            path: Path::default(),
            at,
            to: None,
            awaits_keyframe: true,
            wishes: false,
            allowance: Allowance::default(),
            blocked: None,
            last: None,
            offset: 0,
            is_called: false,
            waiting: VecDeque::new(),
        }
    }

    /// The rendition that it has, or is about to have.
    pub(super) fn target(&self) -> RenditionId {
        self.to.unwrap_or(self.at)
    }

    /// Whether frames of this rendition are, or are about to be, sent to it.
    pub(super) fn uses(&self, id: RenditionId) -> bool {
        self.at == id || self.to == Some(id)
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    pub(super) fn set_blocked(&mut self, now: Instant, blocked: bool) {
        self.blocked = if blocked { self.blocked.or(Some(now)) } else { None };
    }

    /// Another rendition suits it. Returns whether a keyframe of that one has to be asked for.
    pub(super) fn change(&mut self, target: RenditionId) -> bool {
        if target == self.target() {
            return false;
        }
        self.to = (target != self.at).then_some(target);
        if self.awaits_keyframe
            && let Some(to) = self.to.take()
        {
            // It has nothing to lose.
            self.at = to;
            return true;
        }
        self.to.is_some()
    }

    /// Decides whether a coded picture is sent. `shared`: by a rendition that others view, too.
    pub(super) fn decide(&mut self, now: Instant, coded: &Coded, shared: bool) -> Verdict {
        let keyframe = coded.frame.keyframe;
        // Nothing is encoded while the only viewer of a rendition is blocked.
        let stuck = shared && self.blocked.is_some_and(|since| now >= since + HOLD);
        if self.to == Some(coded.rendition) && keyframe {
            if stuck {
                // It needs another one.
                self.wishes = true;
                return Verdict::Not;
            }
            (self.at, self.to) = (coded.rendition, None);
            self.resume();
            return Verdict::Changed;
        }
        if self.at != coded.rendition {
            return Verdict::Not;
        }
        if stuck {
            self.awaits_keyframe = true;
            return Verdict::Not;
        }
        if keyframe {
            self.resume();
        }
        if self.awaits_keyframe { Verdict::Not } else { Verdict::Sent }
    }

    /// A keyframe is sent.
    pub(super) fn resume(&mut self) {
        (self.awaits_keyframe, self.wishes) = (false, false);
    }

    /// Sends a frame. None when that is done later, after the frames before it.
    pub(super) fn send(&mut self, now: Instant, mut frame: EncodedFrame) -> Option<Delivery<V>> {
        frame.rtp_timestamp = self.timestamp(now, frame.rtp_timestamp);
        self.last = Some((frame.rtp_timestamp, now));
        if !std::mem::replace(&mut self.is_called, true) {
            return Some(Delivery { id: self.id, viewer: self.viewer.clone(), frame });
        }
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.clear();
            (self.awaits_keyframe, self.wishes) = (true, true);
        } else {
            self.waiting.push_back(frame);
        }
        None
    }

    /// A time of its own for each frame, later than the one before.
    fn timestamp(&mut self, now: Instant, timestamp: u32) -> u32 {
        let moved = timestamp.wrapping_add(self.offset);
        let Some((last, at)) = self.last else { return moved };
        let step = moved.wrapping_sub(last) as i32;
        if step > 0 {
            return moved;
        }
        if step > -SAME_CLOCK {
            return last.wrapping_add(1);
        }
        // It was shown a picture that had stood for long, and the source's clock has stood, too. 90 kHz (RFC 3551 §5).
        let ticks = (now.saturating_duration_since(at).as_micros() * 9 / 100) as u32;
        let next = last.wrapping_add(ticks.max(1));
        self.offset = next.wrapping_sub(timestamp);
        next
    }

    /// It was called. Returns what came meanwhile.
    pub(super) fn next(&mut self) -> Option<EncodedFrame> {
        let next = self.waiting.pop_front();
        self.is_called = next.is_some();
        next
    }
}

//! Which frames without a result are shown as they came from the camera, and those that wait to be.

use std::collections::VecDeque;

use crate::schedule::gate::Skipped;
use crate::session::exchange::FrameMetadata;
use crate::session::policy::Unprocessed;

/// Frames that wait while the handler is at work: what comes out is in order. Of more, the oldest are not shown.
const MOST: usize = 16;

/// A plain struct.
#[derive(Debug)]
pub(crate) struct Passthrough {
    /// What the policy says.
    pub(crate) chosen: Unprocessed,
    /// The degradation passes everything through.
    pub(crate) forced: bool,
    /// Every so-many-th frame is shown at most.
    pub(crate) sent_every: u32,
    waiting: VecDeque<Skipped<FrameMetadata>>,
}

impl Passthrough {
    pub(crate) fn new(chosen: Unprocessed) -> Self {
        Self { chosen, forced: false, sent_every: 1, waiting: VecDeque::new() }
    }

    /// True while frames without a result are shown.
    pub(crate) fn is_on(&self) -> bool {
        self.forced || self.chosen == Unprocessed::Passthrough
    }

    /// A frame was skipped.
    pub(crate) fn push(&mut self, frame: Skipped<FrameMetadata>) {
        let in_turn = frame.sequence.is_multiple_of(u64::from(self.sent_every.max(1)));
        if !self.is_on() || !in_turn || frame.what.picture.is_none() {
            return;
        }
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
        }
        self.waiting.push_back(frame);
    }

    /// The next one to show, when it comes before the frame `next` that waits for the handler.
    pub(crate) fn pop_before(&mut self, next: Option<u64>) -> Option<Skipped<FrameMetadata>> {
        if !self.is_on() {
            self.waiting.clear();
        }
        self.waiting.pop_front_if(|frame| next.is_none_or(|next| frame.sequence < next))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use framebox_picture::{Picture, Size};

    use super::*;
    use crate::schedule::skip_reason::SkipReason;

    fn frame(sequence: u64, kept: bool) -> Skipped<FrameMetadata> {
        let what = FrameMetadata {
            rtp_timestamp: 0,
            pts: Duration::ZERO,
            completed: Instant::now(),
            decode: None,
            picture: kept.then(|| Arc::new(Picture::black(Size::new(2, 2)).unwrap())),
        };
        Skipped { sequence, pts: Duration::ZERO, waited: Duration::ZERO, reason: SkipReason::Busy, what }
    }

    #[test]
    fn frames_are_shown_in_order_and_only_where_that_is_wanted() {
        let mut passthrough = Passthrough::new(Unprocessed::Hold);
        passthrough.push(frame(0, true));
        assert!(passthrough.pop_before(None).is_none());
        passthrough.chosen = Unprocessed::Passthrough;
        passthrough.push(frame(1, false));
        passthrough.push(frame(2, true));
        passthrough.push(frame(4, true));
        assert_eq!(passthrough.pop_before(Some(3)).map(|frame| frame.sequence), Some(2));
        assert!(passthrough.pop_before(Some(3)).is_none());
        passthrough.chosen = Unprocessed::Hold;
        assert!(passthrough.pop_before(None).is_none());
        (passthrough.forced, passthrough.sent_every) = (true, 4);
        (5..100).for_each(|sequence| passthrough.push(frame(sequence, true)));
        let shown: Vec<_> = std::iter::from_fn(|| passthrough.pop_before(None)).map(|frame| frame.sequence).collect();
        assert_eq!(shown, (36..100).step_by(4).collect::<Vec<_>>(), "every fourth, the last {MOST}");
    }
}

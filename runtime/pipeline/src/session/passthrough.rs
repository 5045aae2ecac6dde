//! Which frames without a result are shown as they came from the camera, and those that wait to be.

use std::collections::VecDeque;

use crate::budget::degradation::Level;
use crate::schedule::gate::Skipped;
use crate::schedule::policy::Unprocessed;
use crate::session::frame::Frame;

/// Frames that wait while the handler is at work: what goes out is in order. Of more, the oldest are not shown.
const MOST: usize = 16;

/// Frames to be passed through. A plain struct.
#[derive(Debug)]
pub(crate) struct Passthrough {
    /// What the policy says.
    pub(crate) chosen: Unprocessed,
    waiting: VecDeque<Skipped<Frame>>,
}

impl Passthrough {
    pub(crate) fn new(chosen: Unprocessed) -> Self {
        Self { chosen, waiting: VecDeque::new() }
    }

    /// True while frames without a result are shown: by policy, or because the handler rests.
    pub(crate) fn is_on(&self, level: &Level) -> bool {
        level.rests() || self.chosen == Unprocessed::Passthrough
    }

    /// A frame was skipped.
    pub(crate) fn push(&mut self, level: &Level, frame: Skipped<Frame>) {
        let in_turn = frame.sequence.is_multiple_of(u64::from(level.sent_every.max(1)));
        if !self.is_on(level) || !in_turn || frame.what.native().is_none() {
            return;
        }
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
        }
        self.waiting.push_back(frame);
    }

    /// The next frame to show, when it comes before the frame `next` that waits for the handler.
    pub(crate) fn pop_before(&mut self, level: &Level, next: Option<u64>) -> Option<Skipped<Frame>> {
        if !self.is_on(level) {
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
    use crate::budget::degradation::Step;
    use crate::schedule::skip_reason::SkipReason;
    use crate::session::frame::FrameMetadata;

    fn frame(sequence: u64, picture: Option<Size>) -> Skipped<Frame> {
        let metadata = FrameMetadata { rtp_timestamp: 0, pts: Duration::ZERO, captured: Instant::now(), decode: None };
        let picture = picture.map(|size| Arc::new(Picture::black(size).unwrap()));
        let what = Frame { metadata, size: Size::new(4, 4), picture };
        Skipped { sequence, pts: Duration::ZERO, waited: Duration::ZERO, reason: SkipReason::Busy, what }
    }

    #[test]
    fn frames_are_shown_in_order_and_only_where_that_is_wanted() {
        let (native, scaled) = (Some(Size::new(4, 4)), Some(Size::new(2, 2)));
        let level = Level::NONE;
        let mut passthrough = Passthrough::new(Unprocessed::Hold);
        passthrough.push(&level, frame(0, native));
        assert!(passthrough.pop_before(&level, None).is_none());
        passthrough.chosen = Unprocessed::Passthrough;
        passthrough.push(&level, frame(1, None));
        passthrough.push(&level, frame(2, native));
        passthrough.push(&level, frame(3, scaled));
        passthrough.push(&level, frame(4, native));
        assert_eq!(passthrough.pop_before(&level, Some(3)).map(|frame| frame.sequence), Some(2));
        assert!(passthrough.pop_before(&level, Some(3)).is_none());
        passthrough.chosen = Unprocessed::Hold;
        assert!(passthrough.pop_before(&level, None).is_none());
        let level = Level { step: Some(Step::PassThrough), sent_every: 4, ..Level::NONE };
        (5..100).for_each(|sequence| passthrough.push(&level, frame(sequence, native)));
        let shown: Vec<_> =
            std::iter::from_fn(|| passthrough.pop_before(&level, None)).map(|frame| frame.sequence).collect();
        assert_eq!(shown, (36..100).step_by(4).collect::<Vec<_>>(), "every fourth, the last {MOST}");
    }
}

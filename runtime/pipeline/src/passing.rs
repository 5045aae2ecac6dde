//! Which frames without a result are shown as they came from the camera, and those that wait to be.

use std::collections::VecDeque;

use crate::desk::Fresh;
use crate::gate::Skipped;
use crate::policy::Unprocessed;

/// Frames that wait while the handler is at work: what comes out is in order. Of more, the oldest are not shown.
const MOST: usize = 16;

/// A plain struct.
#[derive(Debug)]
pub(crate) struct Passing {
    /// What the policy says.
    pub(crate) chosen: Unprocessed,
    /// The ladder passes everything through.
    pub(crate) forced: bool,
    /// Every so-many-th frame is shown at most.
    pub(crate) sent_every: u32,
    waiting: VecDeque<Skipped<Fresh>>,
}

impl Passing {
    pub(crate) fn new(chosen: Unprocessed) -> Self {
        Self { chosen, forced: false, sent_every: 1, waiting: VecDeque::new() }
    }

    /// True while frames without a result are shown.
    pub(crate) fn is_on(&self) -> bool {
        self.forced || self.chosen == Unprocessed::Passthrough
    }

    /// A frame was skipped.
    pub(crate) fn push(&mut self, frame: Skipped<Fresh>) {
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
    pub(crate) fn pop_before(&mut self, next: Option<u64>) -> Option<Skipped<Fresh>> {
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
    use crate::reason::Reason;

    fn frame(sequence: u64, kept: bool) -> Skipped<Fresh> {
        let what = Fresh {
            rtp_timestamp: 0,
            pts: Duration::ZERO,
            completed: Instant::now(),
            decode: None,
            picture: kept.then(|| Arc::new(Picture::black(Size::new(2, 2)).unwrap())),
        };
        Skipped { sequence, pts: Duration::ZERO, waited: Duration::ZERO, reason: Reason::Busy, what }
    }

    #[test]
    fn frames_are_shown_in_order_and_only_where_that_is_wanted() {
        let mut passing = Passing::new(Unprocessed::Hold);
        passing.push(frame(0, true));
        assert!(passing.pop_before(None).is_none());
        passing.chosen = Unprocessed::Passthrough;
        passing.push(frame(1, false));
        passing.push(frame(2, true));
        passing.push(frame(4, true));
        assert_eq!(passing.pop_before(Some(3)).map(|frame| frame.sequence), Some(2));
        assert!(passing.pop_before(Some(3)).is_none());
        passing.chosen = Unprocessed::Hold;
        assert!(passing.pop_before(None).is_none());
        (passing.forced, passing.sent_every) = (true, 4);
        (5..100).for_each(|sequence| passing.push(frame(sequence, true)));
        let shown: Vec<_> = std::iter::from_fn(|| passing.pop_before(None)).map(|frame| frame.sequence).collect();
        assert_eq!(shown, (36..100).step_by(4).collect::<Vec<_>>(), "every fourth, the last {MOST}");
    }
}

//! Which picture belongs to which coded frame, where the decoder gives pictures in another order (B-frames).

use std::time::Instant;

/// Frames that a decoder may hold back: the largest number of H.264 (ITU-T H.264 §A.3.1).
const MAX_HELD: usize = 16;

/// What a picture takes over from its coded frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// RTP timestamp.
    pub(crate) rtp_timestamp: u32,
    /// When it came in.
    pub(crate) captured: Instant,
}

/// The coded frames whose pictures the decoder still holds. Pictures come in the order of their times.
#[derive(Debug, Default)]
pub(crate) struct DisplayOrder {
    /// By time, which does not wrap.
    held: Vec<(i64, Origin)>,
    last: Option<(u32, i64)>,
}

impl DisplayOrder {
    /// A coded frame goes into the decoder.
    pub(crate) fn put(&mut self, origin: Origin) {
        let time = match self.last {
            None => 0,
            Some((last, time)) => time + i64::from(origin.rtp_timestamp.wrapping_sub(last) as i32),
        };
        self.last = Some((origin.rtp_timestamp, time));
        let place = self.held.partition_point(|(other, _)| *other <= time);
        self.held.insert(place, (time, origin));
    }

    /// The frame that the decoder's picture shows, if it gave one; it holds back `held` others.
    pub(crate) fn take(&mut self, has_picture: bool, held: usize) -> Option<Origin> {
        // What is more than that never became a picture.
        let held = held.min(MAX_HELD) + usize::from(has_picture);
        let superfluous = self.held.len().saturating_sub(held);
        self.held.drain(..superfluous);
        (has_picture && !self.held.is_empty()).then(|| self.held.remove(0).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_the_times_of_their_own_frames() {
        let now = Instant::now();
        let (none, some) = (|held| (None, held), |timestamp: u32, held| (Some(timestamp), held));
        // Coded frame, what the decoder gives and how many it holds.
        type Case = (&'static str, Vec<(u32, (Option<u32>, usize))>);
        let cases: [Case; 4] = [
            ("one in, one out", vec![(0, some(0, 0)), (3000, some(3000, 0)), (1, some(1, 0))]),
            (
                "reordered, over a wrap",
                vec![
                    (u32::MAX - 2999, none(1)),
                    (9000, some(u32::MAX - 2999, 1)),
                    (3000, some(3000, 1)),
                    (6000, some(6000, 1)),
                    (18_000, some(9000, 1)),
                ],
            ),
            ("parameter sets alone", vec![(0, none(0)), (3000, some(3000, 0)), (6000, some(6000, 0))]),
            ("a damaged frame", vec![(0, none(1)), (9000, none(1)), (3000, some(9000, 0))]),
        ];
        for (what, steps) in cases {
            let mut order = DisplayOrder::default();
            for (rtp_timestamp, (picture, held)) in steps {
                order.put(Origin { rtp_timestamp, captured: now });
                let taken = order.take(picture.is_some(), held).map(|origin| origin.rtp_timestamp);
                assert_eq!(taken, picture, "{what}: {rtp_timestamp}");
            }
        }
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut order = DisplayOrder::default();
        for rtp_timestamp in 0..1000 {
            order.put(Origin { rtp_timestamp, captured: Instant::now() });
            order.take(false, usize::MAX);
        }
        assert_eq!(order.held.len(), MAX_HELD);
    }
}

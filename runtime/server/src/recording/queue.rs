//! The frames that wait for the disk.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use framebox_media::EncodedFrame;
use framebox_picture::{Charge, MemoryAccount};

/// Bytes that wait at most: some ten seconds of a good picture.
const MOST_BYTES: usize = 8 << 20;
/// Frames that wait at most.
const MOST_FRAMES: usize = 1024;

/// Which of the two recordings of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// What viewers see.
    After,
    /// What the camera sent.
    Before,
}

impl Side {
    pub(super) const ALL: [Self; 2] = [Self::After, Self::Before];
}

/// What there is to do.
#[derive(Debug)]
pub(super) enum Next {
    /// A frame is to be written.
    Frame(Side, EncodedFrame),
    /// Nothing came in time.
    Nothing,
    /// Everything was taken, and nothing more comes.
    Ended,
}

/// A bounded queue. When it is full, frames are left out up to the next keyframe that finds room: the rest can be decoded.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: VecDeque<(Side, EncodedFrame)>,
    /// What waits, bytes.
    charge: Charge,
    sides: [OneSide; 2],
    ended: bool,
}

#[derive(Clone, Copy, Default)]
struct OneSide {
    /// Frames are left out up to the next keyframe.
    broken: bool,
    /// How many were left out.
    dropped: u64,
}

impl Queue {
    /// An empty queue; what waits is charged to `account`.
    pub(super) fn new(account: &MemoryAccount) -> Self {
        let (waiting, charge) = (VecDeque::new(), account.nothing());
        let state = State { waiting, charge, sides: [OneSide::default(); 2], ended: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Adds a frame, or leaves it out. Returns at once.
    pub(super) fn push(&self, side: Side, frame: EncodedFrame) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        let takes = !state.sides[side as usize].broken || frame.keyframe;
        let taken = takes && state.has_room(frame.data.len());
        let of_side = &mut state.sides[side as usize];
        of_side.broken = !taken;
        if !taken {
            of_side.dropped += 1;
            return;
        }
        state.waiting.push_back((side, frame));
        drop(state);
        self.changed.notify_one();
    }

    /// Waits for the next frame, until `until` at the latest.
    pub(super) fn next(&self, until: Instant) -> Next {
        let mut state = self.lock();
        loop {
            if let Some((side, frame)) = state.waiting.pop_front() {
                let rest = state.charge.bytes().saturating_sub(frame.data.len());
                // Less is always possible.
                let _ = state.charge.resize(rest);
                return Next::Frame(side, frame);
            }
            if state.ended {
                return Next::Ended;
            }
            let wait = until.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Next::Nothing;
            }
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes nothing any more; what waits is still to be written.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_one();
    }

    /// Whether frames of a side are left out up to its next keyframe.
    pub(super) fn is_broken(&self, side: Side) -> bool {
        self.lock().sides[side as usize].broken
    }

    /// How many frames were left out, of both sides.
    pub(super) fn dropped(&self) -> u64 {
        self.lock().sides.iter().map(|side| side.dropped).sum()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Charges `bytes` if they have room.
    fn has_room(&mut self, bytes: usize) -> bool {
        let all = self.charge.bytes() + bytes;
        self.waiting.len() < MOST_FRAMES && all <= MOST_BYTES && self.charge.resize(all).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use framebox_media::Codec;
    use proptest::prelude::*;

    use super::*;

    fn frame(number: u32, keyframe: bool, bytes: usize) -> EncodedFrame {
        EncodedFrame {
            codec: Codec::H264,
            data: Bytes::from(vec![0; bytes]),
            keyframe,
            rtp_timestamp: number,
            captured: Instant::now(),
        }
    }

    fn taken(queue: &Queue) -> Vec<(Side, u32)> {
        std::iter::from_fn(|| match queue.next(Instant::now()) {
            Next::Frame(side, frame) => Some((side, frame.rtp_timestamp)),
            Next::Nothing | Next::Ended => None,
        })
        .collect()
    }

    #[test]
    fn when_it_is_full_frames_are_left_out_up_to_a_keyframe_that_has_room() {
        let account = MemoryAccount::unlimited();
        let queue = Queue::new(&account);
        let half = MOST_BYTES / 2;
        queue.push(Side::After, frame(0, true, half));
        queue.push(Side::After, frame(1, false, half));
        queue.push(Side::After, frame(2, false, 1));
        queue.push(Side::After, frame(3, true, 1));
        assert!(queue.is_broken(Side::After) && !queue.is_broken(Side::Before));
        queue.push(Side::After, frame(4, false, 0));
        assert_eq!((queue.dropped(), account.used()), (3, MOST_BYTES));
        assert_eq!(taken(&queue), [(Side::After, 0), (Side::After, 1)]);
        assert_eq!(account.used(), 0);
        queue.push(Side::After, frame(5, false, 1));
        queue.push(Side::Before, frame(6, false, 1));
        queue.push(Side::After, frame(7, true, 1));
        queue.push(Side::After, frame(8, false, 1));
        assert_eq!(taken(&queue), [(Side::Before, 6), (Side::After, 7), (Side::After, 8)]);
        assert!(queue.dropped() == 4 && !queue.is_broken(Side::After));
    }

    #[test]
    fn what_waits_is_written_before_the_end() {
        let queue = Queue::new(&MemoryAccount::unlimited());
        queue.push(Side::After, frame(0, true, 1));
        queue.end();
        queue.push(Side::After, frame(1, false, 1));
        assert!(matches!(queue.next(Instant::now()), Next::Frame(Side::After, frame) if frame.rtp_timestamp == 0));
        assert!(matches!(queue.next(Instant::now()), Next::Ended));
    }

    proptest! {
        #[test]
        fn every_frame_that_is_taken_can_be_decoded(
            frames in proptest::collection::vec((any::<bool>(), 0usize..60, 0usize..3), 0..200),
            limit in 1usize..200,
        ) {
            let account = MemoryAccount::new(limit);
            let queue = Queue::new(&account);
            let (mut number, mut last, mut got) = (0, None, 0);
            for (keyframe, bytes, reads) in frames {
                // The first one of all is a keyframe, as after attaching.
                let keyframe = keyframe || number == 0;
                queue.push(Side::After, frame(number << 1 | u32::from(keyframe), keyframe, bytes));
                number += 1;
                for _ in 0..reads {
                    if let Next::Frame(_, frame) = queue.next(Instant::now()) {
                        let at = frame.rtp_timestamp >> 1;
                        prop_assert!(frame.keyframe || last == at.checked_sub(1));
                        last = Some(at);
                        got += 1;
                    }
                }
                prop_assert!(account.used() <= limit);
            }
            got += taken(&queue).len() as u64;
            prop_assert_eq!(got + queue.dropped(), u64::from(number));
        }
    }
}

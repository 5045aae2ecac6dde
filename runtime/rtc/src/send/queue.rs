//! The queue before the network: few frames, and only those that the viewer can decode. Has no clock: `now` is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;

/// Frames that may wait.
const MAX_FRAMES: usize = 4;
/// Time between two requests while a keyframe is missing.
const REMINDER: Duration = Duration::from_millis(500);

/// Decides which frames are sent.
#[derive(Debug, Default)]
pub struct SendQueue {
    frames: VecDeque<EncodedFrame>,
    open: bool,
    /// Frames are missing: everything up to the next keyframe is dropped.
    needs_keyframe: bool,
    /// When a keyframe was last asked for, while one is missing.
    asked: Option<Instant>,
    dropped: u64,
}

impl SendQueue {
    /// Lets frames in; the first one has to be a keyframe.
    pub fn open(&mut self) {
        if !std::mem::replace(&mut self.open, true) {
            self.needs_keyframe = true;
        }
    }

    /// Drops the frames that wait, and lets none in.
    pub fn close(&mut self) {
        self.open = false;
        self.drop_all();
    }

    /// Adds a frame. Returns whether a keyframe has to be asked for.
    #[must_use]
    pub fn push(&mut self, now: Instant, frame: EncodedFrame) -> bool {
        if !self.open {
            self.dropped += 1;
            return false;
        }
        if self.frames.len() >= MAX_FRAMES {
            // What follows a dropped frame cannot be decoded, so the whole queue is dropped.
            self.drop_all();
            self.needs_keyframe = true;
        }
        if self.needs_keyframe && !frame.keyframe {
            self.dropped += 1;
            let ask = self.asked.is_none_or(|asked| now >= asked + REMINDER);
            if ask {
                self.asked = Some(now);
            }
            return ask;
        }
        self.needs_keyframe = false;
        self.asked = None;
        self.frames.push_back(frame);
        false
    }

    /// The frame to send next.
    pub fn pop(&mut self) -> Option<EncodedFrame> {
        self.frames.pop_front()
    }

    /// Number of frames that were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn drop_all(&mut self) {
        self.dropped += self.frames.len() as u64;
        self.frames.clear();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use framebox_media::Codec;

    use super::*;

    fn frame(rtp_timestamp: u32, keyframe: bool) -> EncodedFrame {
        let (data, captured) = (Bytes::from_static(&[1]), Instant::now());
        EncodedFrame { codec: Codec::H264, data, keyframe, rtp_timestamp, captured }
    }

    fn key(timestamp: u32) -> EncodedFrame {
        frame(timestamp, true)
    }

    fn delta(timestamp: u32) -> EncodedFrame {
        frame(timestamp, false)
    }

    fn waiting(queue: &mut SendQueue) -> Vec<u32> {
        std::iter::from_fn(|| queue.pop()).map(|frame| frame.rtp_timestamp).collect()
    }

    #[test]
    fn the_first_frame_is_a_keyframe() {
        let (now, mut queue) = (Instant::now(), SendQueue::default());
        assert!(!queue.push(now, key(1)), "the queue is not open");
        queue.open();
        assert!(queue.push(now, delta(2)), "a keyframe is asked for");
        assert!(!queue.push(now, delta(3)), "once");
        assert!(queue.push(now + REMINDER, delta(4)), "and again later");
        assert!(!queue.push(now, key(5)));
        assert!(!queue.push(now, delta(6)));
        assert_eq!(waiting(&mut queue), [5, 6]);
        assert_eq!(queue.dropped(), 4);
    }

    #[test]
    fn a_slow_network_drops_everything_up_to_a_keyframe() {
        let (now, mut queue) = (Instant::now(), SendQueue::default());
        queue.open();
        assert!(!queue.push(now, key(0)));
        for timestamp in 1..MAX_FRAMES as u32 {
            assert!(!queue.push(now, delta(timestamp)));
        }
        assert!(queue.push(now, delta(10)), "full: a keyframe is asked for");
        assert_eq!(waiting(&mut queue), [0u32; 0]);
        assert!(!queue.push(now, delta(11)));
        assert!(!queue.push(now, key(12)));
        assert_eq!(waiting(&mut queue), [12]);
        assert_eq!(queue.dropped(), 6);
    }

    #[test]
    fn a_keyframe_replaces_the_frames_that_wait_too_long() {
        let (now, mut queue) = (Instant::now(), SendQueue::default());
        queue.open();
        for timestamp in 0..=MAX_FRAMES as u32 {
            assert!(!queue.push(now, key(timestamp)));
        }
        assert_eq!(waiting(&mut queue), [4]);
    }

    #[test]
    fn frames_of_a_lost_connection_are_not_sent_later() {
        let (now, mut queue) = (Instant::now(), SendQueue::default());
        queue.open();
        assert!(!queue.push(now, key(1)));
        queue.close();
        queue.open();
        assert_eq!(waiting(&mut queue), [0u32; 0]);
        assert!(queue.push(now, delta(2)));
    }
}

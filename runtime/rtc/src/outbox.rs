//! Frames that wait to be sent: few, and only such as the viewer can decode. Has no clock: `now` comes in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;

/// Frames that may wait.
pub const ROOM: usize = 4;
/// While a keyframe is missing, it is asked for so often.
const REMINDER: Duration = Duration::from_millis(500);

/// The queue before the network.
#[derive(Debug, Default)]
pub struct Outbox {
    frames: VecDeque<EncodedFrame>,
    open: bool,
    /// Everything but a keyframe would be in vain.
    starved: bool,
    asked: Option<Instant>,
    dropped: u64,
}

impl Outbox {
    /// Frames may go out from here on; the first one has to be a keyframe.
    pub fn open(&mut self) {
        if !std::mem::replace(&mut self.open, true) {
            self.starved = true;
        }
    }

    /// Nothing can be sent for the time being.
    pub fn shut(&mut self) {
        self.open = false;
        self.drop_all();
    }

    /// Takes a frame in. Returns whether a keyframe has to be asked for.
    #[must_use]
    pub fn push(&mut self, now: Instant, frame: EncodedFrame) -> bool {
        if !self.open {
            self.dropped += 1;
            return false;
        }
        if self.frames.len() >= ROOM {
            // What comes after a dropped frame cannot be decoded, so the whole queue goes.
            self.drop_all();
            self.starved = true;
        }
        if self.starved && !frame.keyframe {
            self.dropped += 1;
            let ask = self.asked.is_none_or(|asked| now >= asked + REMINDER);
            if ask {
                self.asked = Some(now);
            }
            return ask;
        }
        self.starved = false;
        self.asked = None;
        self.frames.push_back(frame);
        false
    }

    /// The frame to send next.
    pub fn pop(&mut self) -> Option<EncodedFrame> {
        self.frames.pop_front()
    }

    /// Frames that were not sent.
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

    fn waiting(outbox: &mut Outbox) -> Vec<u32> {
        std::iter::from_fn(|| outbox.pop()).map(|frame| frame.rtp_timestamp).collect()
    }

    #[test]
    fn the_first_frame_is_a_keyframe() {
        let (now, mut outbox) = (Instant::now(), Outbox::default());
        assert!(!outbox.push(now, key(1)), "nobody is there");
        outbox.open();
        assert!(outbox.push(now, delta(2)), "a keyframe is asked for");
        assert!(!outbox.push(now, delta(3)), "once");
        assert!(outbox.push(now + REMINDER, delta(4)), "and again later");
        assert!(!outbox.push(now, key(5)));
        assert!(!outbox.push(now, delta(6)));
        assert_eq!(waiting(&mut outbox), [5, 6]);
        assert_eq!(outbox.dropped(), 4);
    }

    #[test]
    fn a_slow_network_loses_whole_runs_up_to_a_keyframe() {
        let (now, mut outbox) = (Instant::now(), Outbox::default());
        outbox.open();
        assert!(!outbox.push(now, key(0)));
        for timestamp in 1..ROOM as u32 {
            assert!(!outbox.push(now, delta(timestamp)));
        }
        assert!(outbox.push(now, delta(10)), "full: a keyframe is asked for");
        assert_eq!(waiting(&mut outbox), [0u32; 0]);
        assert!(!outbox.push(now, delta(11)));
        assert!(!outbox.push(now, key(12)));
        assert_eq!(waiting(&mut outbox), [12]);
        assert_eq!(outbox.dropped(), 6);
    }

    #[test]
    fn a_keyframe_replaces_what_waits_too_long() {
        let (now, mut outbox) = (Instant::now(), Outbox::default());
        outbox.open();
        for timestamp in 0..=ROOM as u32 {
            assert!(!outbox.push(now, key(timestamp)));
        }
        assert_eq!(waiting(&mut outbox), [4]);
    }

    #[test]
    fn what_waits_when_the_connection_is_lost_is_not_sent_later() {
        let (now, mut outbox) = (Instant::now(), Outbox::default());
        outbox.open();
        assert!(!outbox.push(now, key(1)));
        outbox.shut();
        outbox.open();
        assert_eq!(waiting(&mut outbox), [0u32; 0]);
        assert!(outbox.push(now, delta(2)));
    }
}

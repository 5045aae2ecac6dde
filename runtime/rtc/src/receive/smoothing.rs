//! Evens out when frames are handed on, where the peer's path loses packets. A frame whose packet has to be sent again comes a round
//! trip late, and all that follow it wait with it and come at once. Where that happens, frames that are in time wait for half as
//! long as late ones are late: the picture stands for a shorter time, and goes on more evenly. Has no clock: `now` is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;

use super::lateness::Lateness;

/// Lateness of frames below which none waits: what jitter alone does is not added to the latency of others.
const RARE: Duration = Duration::from_millis(90);
/// And mean lateness below which none waits: that of a path on which it happens now and then, as at the start.
const OFTEN: Duration = Duration::from_millis(10);
/// Longest wait.
const MAX_WAIT: Duration = Duration::from_millis(100);
/// By how much the wait grows, and shrinks, with each frame.
const STEPS: (Duration, Duration) = (Duration::from_millis(8), Duration::from_millis(2));
/// Frames that wait, and their bytes, at most; then the first goes on.
const MAX_WAITING: (usize, usize) = (12, 2 << 20);

/// Frames that wait.
#[derive(Debug, Default)]
pub struct Smoothing {
    waiting: VecDeque<(Instant, EncodedFrame)>,
    bytes: usize,
    lateness: Lateness,
    /// How late frames are on average of some seconds.
    mean: Duration,
    /// How long a frame in time waits now.
    wait: Duration,
}

impl Smoothing {
    /// Takes a frame.
    pub fn push(&mut self, now: Instant, frame: EncodedFrame) {
        let late = self.lateness.came(now, frame.rtp_timestamp);
        self.mean = (self.mean * 63 + late) / 64;
        self.adapt();
        let due = now + self.wait.saturating_sub(late);
        // In order, whatever the time stamps say.
        let due = self.waiting.back().map_or(due, |(last, _)| due.max(*last));
        self.bytes += frame.data.len();
        self.waiting.push_back((due, frame));
    }

    /// Returns the next frame that is due.
    pub fn poll(&mut self, now: Instant) -> Option<EncodedFrame> {
        let is_full = self.waiting.len() > MAX_WAITING.0 || self.bytes > MAX_WAITING.1;
        let (_, frame) = self.waiting.pop_front_if(|(due, _)| is_full || *due <= now)?;
        self.bytes -= frame.data.len();
        Some(frame)
    }

    /// When [`Self::poll`] has to be called next.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.front().map(|(due, _)| *due)
    }

    fn adapt(&mut self) {
        let worst = self.lateness.worst();
        let is_even = worst < RARE || self.mean < OFTEN;
        let aim = if is_even { Duration::ZERO } else { (worst / 2).min(MAX_WAIT) };
        self.wait = aim.clamp(self.wait.saturating_sub(STEPS.1), self.wait + STEPS.0);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use framebox_media::Codec;

    use super::*;

    const INTERVAL: u64 = 33;

    /// Frames that are captured every 33 ms.
    struct Test {
        smoothing: Smoothing,
        start: Instant,
        frames: u64,
        now: u64,
    }

    impl Test {
        fn new() -> Self {
            Self { smoothing: Smoothing::default(), start: Instant::now(), frames: 0, now: 0 }
        }

        fn frame(rtp_timestamp: u32, captured: Instant) -> EncodedFrame {
            EncodedFrame {
                codec: Codec::H264,
                data: Bytes::from_static(&[0; 100]),
                keyframe: false,
                rtp_timestamp,
                captured,
            }
        }

        /// Hands in frames so many ms after they were captured; returns how long after it each went on.
        fn run(&mut self, delays: impl IntoIterator<Item = u64>) -> Vec<u64> {
            let mut coming: VecDeque<_> = delays
                .into_iter()
                .map(|delay| {
                    self.frames += 1;
                    (self.frames * INTERVAL, self.frames * INTERVAL + delay)
                })
                .collect();
            let mut went = Vec::new();
            while !coming.is_empty() || self.smoothing.deadline().is_some() {
                let at = self.start + Duration::from_millis(self.now);
                while let Some((captured, _)) = coming.pop_front_if(|(_, comes)| *comes <= self.now) {
                    self.smoothing.push(at, Self::frame((captured as u32 * 90).wrapping_sub(3000), at));
                }
                while let Some(frame) = self.smoothing.poll(at) {
                    went.push(self.now - u64::from(frame.rtp_timestamp.wrapping_add(3000) / 90));
                }
                self.now += 1;
            }
            went
        }
    }

    /// A frame comes a round trip late every second, and those that follow it wait for it.
    fn with_losses(round_trip: u64) -> impl Iterator<Item = u64> {
        (0..300u64).map(move |frame| (20 + round_trip).saturating_sub(frame % 30 * INTERVAL).max(20))
    }

    #[test]
    fn nothing_waits_where_frames_come_in_time() {
        let delays: Vec<_> = (0..300u64).map(|frame| 20 + frame * 7919 % 80).collect();
        assert_eq!(Test::new().run(delays.clone()), delays);
    }

    #[test]
    fn where_frames_come_a_round_trip_late_others_wait_for_half_of_it() {
        let mut test = Test::new();
        let went = test.run(with_losses(160));
        let settled = &went[150..];
        assert_eq!((settled.iter().min(), settled.iter().max()), (Some(&100), Some(&180)));
        let gaps =
            |delays: &[u64]| delays.windows(2).map(|pair| INTERVAL + pair[1] - pair[0].min(INTERVAL + pair[1])).max();
        assert_eq!(gaps(settled), Some(INTERVAL + 80), "the picture stands for half as long");
        // Longer than a tenth of a second nothing waits, and no longer than it is of use.
        assert_eq!(test.run(with_losses(400))[150..].iter().min(), Some(&120));
        assert_eq!(test.run([20; 500])[450..], [20; 50]);
    }

    #[test]
    fn once_is_no_reason_to_wait() {
        let delays: Vec<_> = (0..300u64).map(|frame| (200u64).saturating_sub(frame % 150 * INTERVAL).max(20)).collect();
        assert_eq!(Test::new().run(delays.clone()), delays);
    }

    #[test]
    fn another_clock_begins_anew_and_nothing_is_lost() {
        let mut test = Test::new();
        test.run(with_losses(160));
        let at = test.start + Duration::from_millis(test.now);
        for (index, timestamp) in [77, 3_000_000_000, 3_000_003_000, 5, u32::MAX, 0].into_iter().enumerate() {
            test.smoothing.push(at, Test::frame(timestamp, at));
            let later = at + MAX_WAIT;
            assert_eq!(test.smoothing.poll(later).map(|frame| frame.rtp_timestamp), Some(timestamp), "{index}");
        }
    }

    #[test]
    fn few_frames_wait() {
        let mut test = Test::new();
        test.run(with_losses(160));
        let at = test.start + Duration::from_millis(test.now);
        let newest = (test.frames * INTERVAL * 90) as u32;
        for index in 0..1000 {
            test.smoothing.push(at, Test::frame(newest + index, at));
            while test.smoothing.poll(at).is_some() {}
            assert!(test.smoothing.waiting.len() <= MAX_WAITING.0);
        }
    }
}

//! RTP timestamps as times of a file.

use std::time::{Duration, Instant};

use crate::frame::EncodedFrame;

/// A step of the RTP clock that differs by more from the time that has passed is a jump of that clock.
const JUMP: Duration = Duration::from_secs(3);

/// The clock of a file: units of 1/90 000 s from its first picture on. Pauses are kept; where the RTP clock jumps, it goes on by
/// the time that has passed.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    last: Option<Last>,
    /// The latest time.
    latest: u64,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    rtp_timestamp: u32,
    captured: Instant,
    time: u64,
}

impl Timeline {
    /// Returns when the picture of `frame` is shown. Frames come in the order in which they are decoded; those before a
    /// keyframe are all shown before it.
    pub(super) fn time(&mut self, frame: &EncodedFrame) -> u64 {
        let EncodedFrame { rtp_timestamp, captured, .. } = *frame;
        let time = match self.last {
            None => 0,
            Some(last) => {
                let elapsed = units(captured.saturating_duration_since(last.captured));
                let step = i64::from(rtp_timestamp.wrapping_sub(last.rtp_timestamp).cast_signed());
                let jumps = step.saturating_sub(elapsed).unsigned_abs() > units(JUMP).unsigned_abs();
                last.time.saturating_add_signed(if jumps { elapsed.max(1) } else { step })
            }
        };
        let time = if frame.keyframe && self.last.is_some() { time.max(self.latest + 1) } else { time };
        self.last = Some(Last { rtp_timestamp, captured, time });
        self.latest = self.latest.max(time);
        time
    }

    /// Returns the latest time of a picture.
    pub(super) fn latest(&self) -> u64 {
        self.latest
    }
}

fn units(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos() * 9 / 100_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::codec::Codec;

    const SECOND: i64 = 90_000;

    #[test]
    fn times_follow_the_rtp_clock_unless_it_jumps() {
        let begin = Instant::now();
        // Milliseconds at which a frame came, its RTP time relative to the first one, whether it is a keyframe; its time.
        for (name, frames) in [
            ("steady", &[(0, 0, true, 0), (35, 3000, false, 3000), (60, 6000, false, 6000)][..]),
            ("a pause", &[(0, 0, true, 0), (60_000, 60 * SECOND, false, 60 * SECOND)]),
            ("a pause of half a day", &[(0, 0, true, 0), (43_200_000, 43_200 * SECOND, false, 43_200 * SECOND)]),
            (
                "a jump ahead",
                &[(0, 0, true, 0), (40, 900 * SECOND, true, 3600), (80, 900 * SECOND + 3600, false, 7200)],
            ),
            (
                "a jump back",
                &[(0, 0, true, 0), (40, -900 * SECOND, true, 3600), (80, -900 * SECOND + 3600, false, 7200)],
            ),
            (
                "reordered",
                &[(0, 0, true, 0), (33, 9000, false, 9000), (66, 3000, false, 3000), (99, 6000, false, 6000)],
            ),
            ("a keyframe comes last", &[(0, 0, true, 0), (33, 3000, false, 3000), (66, 100, true, 3001)]),
            ("burst", &[(0, 0, true, 0), (0, 3000, false, 3000), (0, 6000, false, 6000)]),
        ] {
            let mut timeline = Timeline::default();
            for &(came, rtp, keyframe, time) in frames {
                let frame = EncodedFrame {
                    codec: Codec::H264,
                    data: Bytes::new(),
                    keyframe,
                    // Wraps soon.
                    rtp_timestamp: (u32::MAX - 2000).wrapping_add(rtp as u32),
                    captured: begin + Duration::from_millis(came),
                };
                assert_eq!(timeline.time(&frame), time as u64, "{name}");
            }
        }
    }
}

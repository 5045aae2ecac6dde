//! RTP timestamps as presentation times, repaired.
//!
//! What a camera sends is not to be trusted: its clock jumps when a track or a file begins anew, stands still, or goes backwards. For the
//! handler and for viewers time only goes forward. Has no clock of its own: arrivals are an argument.

use std::time::{Duration, Instant};

/// Ticks a second of the RTP clock of video (RFC 3551 §5).
const RATE: i64 = 90_000;
/// The least step between two frames, ticks: a millisecond.
const MIN_STEP: i64 = RATE / 1000;
/// A camera's clock that is further ahead of the arrivals than it was before has jumped; networks delay by less.
const MAX_LEAD: i64 = 2 * RATE;
/// A camera's clock that goes back by more than this has begun anew.
const MAX_BACK: i64 = RATE / 2;
/// How much of a new lead counts: clocks drift apart by some parts in a hundred thousand.
const SMOOTHING: i64 = 64;

/// The times of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    /// RTP timestamp for viewers: the camera's own one for as long as that needs no repair.
    pub(crate) rtp_timestamp: u32,
    /// Presentation time; that of the first frame is 0.
    pub(crate) pts: Duration,
}

/// Follows the timestamps of the frames as they are shown.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: Option<Last>,
}

/// The frame before.
#[derive(Clone, Copy, Debug)]
struct Last {
    /// The camera's timestamp.
    timestamp: u32,
    /// The one that was given.
    given: u32,
    /// Ticks since the first frame, as they were given.
    ticks: i64,
    /// Ticks by which the camera's clock is ahead of the one that was given: steps back, which were not followed.
    behind: i64,
    arrived: Instant,
    /// By how many ticks the camera's clock usually runs ahead of the arrivals.
    lead: i64,
}

impl Clock {
    /// The times of a frame with this timestamp, which arrived then.
    pub(crate) fn time(&mut self, timestamp: u32, arrived: Instant) -> Time {
        let Some(last) = self.last else {
            self.last = Some(Last { timestamp, given: timestamp, ticks: 0, behind: 0, arrived, lead: 0 });
            return Time { rtp_timestamp: timestamp, pts: Duration::ZERO };
        };
        let waited = ticks(arrived.saturating_duration_since(last.arrived));
        let step = i64::from(timestamp.wrapping_sub(last.timestamp) as i32);
        let ahead = last.lead + step - waited;
        let is_new = step <= -MAX_BACK || step == 0 || ahead > MAX_LEAD;
        // Where the camera's clock is of no use, that of this machine tells how much time has passed.
        let wanted = if is_new { waited } else { step + last.behind };
        let taken = wanted.max(MIN_STEP);
        let behind = if is_new { 0 } else { wanted - taken };
        // Frames that wait for others on their way lag behind; only slowly does that become usual.
        let lead = if is_new { 0 } else { last.lead + (step - waited) - last.lead / SMOOTHING };
        let (given, ticks) = (last.given.wrapping_add(taken as u32), last.ticks + taken);
        self.last = Some(Last { timestamp, given, ticks, behind, arrived: arrived.max(last.arrived), lead });
        Time { rtp_timestamp: given, pts: Duration::from_micros(ticks as u64 * 100 / (RATE as u64 / 10_000)) }
    }
}

fn ticks(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / RATE).saturating_mul(RATE / 10_000) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives frames by (timestamp, ms of arrival) and returns their presentation times, ms.
    fn times(frames: &[(u32, u64)]) -> Vec<u64> {
        let (start, mut clock) = (Instant::now(), Clock::default());
        let mut last = None;
        let time = |(timestamp, ms): &(u32, u64)| {
            let time = clock.time(*timestamp, start + Duration::from_millis(*ms));
            let given = i64::from(time.rtp_timestamp.wrapping_sub(frames[0].0) as i32);
            assert_eq!(given * 1000 / RATE, time.pts.as_millis() as i64, "both tell the same");
            assert!(last.is_none_or(|last| last < time.pts), "time goes on");
            last = Some(time.pts);
            time.pts.as_millis() as u64
        };
        frames.iter().map(time).collect()
    }

    #[test]
    fn a_wrap_is_a_step_like_any_other_and_timestamps_are_kept() {
        let (now, mut clock) = (Instant::now(), Clock::default());
        let start = u32::MAX - 2999;
        for i in 0..100u32 {
            let timestamp = start.wrapping_add(3000 * i);
            let expected = Duration::from_micros(u64::from(i) * 100_000 / 3);
            let time = clock.time(timestamp, now + expected);
            assert!(time.pts.abs_diff(expected) <= Duration::from_micros(1), "{time:?} is not {expected:?}");
            assert_eq!(time.rtp_timestamp, timestamp);
        }
    }

    #[test]
    fn what_is_wrong_with_timestamps_is_repaired() {
        for (what, frames, expected) in [
            ("a pause", vec![(0, 0), (3000, 33), (903_000, 10_033)], vec![0, 33, 10_033]),
            (
                "a stall, and what it delayed",
                vec![(0, 0), (3000, 5000), (6000, 5000), (9000, 5001)],
                vec![0, 33, 66, 100],
            ),
            ("a jump forward", vec![(0, 0), (3000, 33), (9_000_000, 66), (9_003_000, 100)], vec![0, 33, 66, 99]),
            ("a jump back", vec![(900_000, 0), (903_000, 33), (0, 66), (3000, 100)], vec![0, 33, 66, 99]),
            ("a clock that stands still", vec![(7, 0), (7, 33), (7, 66), (7, 1066)], vec![0, 33, 66, 1066]),
            ("one step back", vec![(0, 0), (6000, 66), (3000, 70), (9000, 100)], vec![0, 66, 67, 100]),
        ] {
            assert_eq!(times(&frames), expected, "{what}");
        }
    }

    #[test]
    fn clocks_may_drift_for_days() {
        let (start, mut clock) = (Instant::now(), Clock::default());
        let mut timestamp = 0u32;
        for second in 0..200_000u64 {
            let time = clock.time(timestamp, start + Duration::from_secs(second));
            assert_eq!(time.rtp_timestamp, timestamp, "after {second} s");
            // Ahead by two parts in ten thousand.
            timestamp = timestamp.wrapping_add(90_018);
        }
    }
}

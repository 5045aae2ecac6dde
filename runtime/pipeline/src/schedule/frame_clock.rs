//! Decides when a generator is asked for its next frame: by deadlines from its rate, so that lateness does not add up.
//!
//! A plain struct: time comes in as an argument.

use std::time::{Duration, Instant};

/// Rates that can be asked for, frames a second.
pub const RATES: std::ops::RangeInclusive<f32> = 1.0..=120.0;
/// The rate when neither session nor handler names one, frames a second.
pub const DEFAULT_RATE: f32 = 30.0;
/// How late a frame may be made rather than skipped, when the handler keeps up on the whole.
const LENIENCE: Duration = Duration::from_millis(100);

/// A moment at which a frame is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Counts the moments from 0, those that were skipped included.
    pub index: u64,
    /// Moments skipped since the previous tick.
    pub skipped: u32,
    /// Presentation time: when it is due, since the stream began.
    pub pts: Duration,
    /// How late it is.
    pub late: Duration,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing before this time has passed.
    In(Duration),
    /// A frame.
    Frame(Tick),
}

/// Deadlines at a set rate.
#[derive(Debug)]
pub struct FrameClock {
    fps: f64,
    begin: Instant,
    next: u64,
    cost: Duration,
}

impl FrameClock {
    /// Creates a clock of `fps` frames a second (limited to [`RATES`]) whose first frame is due at `begin`.
    pub fn new(begin: Instant, fps: f32) -> Self {
        let fps = if fps.is_nan() { DEFAULT_RATE } else { fps.clamp(*RATES.start(), *RATES.end()) };
        Self { fps: f64::from(fps), begin, next: 0, cost: Duration::ZERO }
    }

    /// Time between two ticks.
    pub fn interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.fps)
    }

    /// Index of the next tick.
    pub fn next_index(&self) -> u64 {
        self.next
    }

    /// Returns the frame that is due, or the time until then. Moments for which a slow handler has no time are skipped: the
    /// latest one counts. A handler that keeps up is late by accident only, and catches up.
    pub fn poll(&mut self, now: Instant) -> Due {
        let at = self.deadline(self.next);
        if now < at {
            return Due::In(at - now);
        }
        let late = now - at;
        let keeps_up = self.cost.as_secs_f64() * self.fps < 0.95;
        let index = if keeps_up && late <= LENIENCE { self.next } else { self.latest(now).max(self.next) };
        let skipped = u32::try_from(index - self.next).unwrap_or(u32::MAX);
        self.next = index + 1;
        let late = now.saturating_duration_since(self.deadline(index));
        Due::Frame(Tick { index, skipped, pts: self.pts(index), late })
    }

    /// A frame was made, which took `cost`.
    pub fn done(&mut self, cost: Duration) {
        self.cost = (self.cost * 7 + cost) / 8;
    }

    fn pts(&self, index: u64) -> Duration {
        Duration::from_secs_f64(index as f64 / self.fps)
    }

    fn deadline(&self, index: u64) -> Instant {
        self.begin + self.pts(index)
    }

    /// The last index whose deadline is not after `now`.
    fn latest(&self, now: Instant) -> u64 {
        (now.saturating_duration_since(self.begin).as_secs_f64() * self.fps) as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Runs `frame_clock` from `start` for `seconds`; each wake-up is late by what `jitter` says of its number. Returns the ticks.
    fn run(fps: f32, seconds: u32, cost: Duration, jitter: impl Fn(u32) -> Duration) -> Vec<Tick> {
        let start = Instant::now();
        let mut frame_clock = FrameClock::new(start, fps);
        let mut now = start;
        let mut ticks = vec![];
        let mut wakes = 0;
        while now < start + Duration::from_secs(u64::from(seconds)) {
            match frame_clock.poll(now) {
                Due::In(wait) => {
                    wakes += 1;
                    now += wait + jitter(wakes);
                }
                Due::Frame(tick) => {
                    ticks.push(tick);
                    now += cost;
                    frame_clock.done(cost);
                }
            }
        }
        ticks
    }

    #[test]
    fn the_mean_rate_is_the_set_one_however_late_the_wake_ups_are() {
        for fps in [1.0, 12.5, 24.0, 29.97, 60.0, 120.0] {
            for late in [0, 1, 7, 20] {
                let ticks = run(fps, 60, MS, |wake| MS * (wake * 7 % (late + 1)));
                let expected = (fps * 60.0).ceil();
                assert!((ticks.len() as f32 - expected).abs() <= 0.01 * expected, "{fps}: {} ticks", ticks.len());
                assert!(ticks.iter().all(|tick| tick.skipped == 0), "{fps}");
                assert!(ticks.windows(2).all(|pair| pair[1].index == pair[0].index + 1 && pair[1].pts > pair[0].pts));
            }
        }
    }

    #[test]
    fn a_slow_handler_gets_the_latest_moment_and_what_is_left_out_is_counted() {
        let ticks = run(60.0, 20, 200 * MS, |_| Duration::ZERO);
        assert!((95..=105).contains(&ticks.len()), "{}", ticks.len());
        let last = ticks.last().unwrap();
        let made = ticks.len() as u64;
        assert_eq!(ticks.iter().map(|tick| u64::from(tick.skipped)).sum::<u64>() + made, last.index + 1);
        assert!(ticks.iter().skip(5).all(|tick| tick.late < 17 * MS), "never behind by more than an interval");
    }

    #[test]
    fn a_pause_of_the_machine_is_not_made_up_for() {
        let ticks = run(30.0, 10, MS, |wake| if wake == 30 { Duration::from_secs(2) } else { Duration::ZERO });
        let gap = ticks.iter().find(|tick| tick.skipped > 0).unwrap();
        assert!((58..=61).contains(&gap.skipped), "{gap:?}");
    }

    #[test]
    fn a_rate_out_of_range_is_the_nearest_possible_one() {
        for (asked, index) in [(0.0, 1), (-3.0, 1), (1e9, 120), (f32::NAN, 30), (f32::INFINITY, 120)] {
            let start = Instant::now();
            let mut frame_clock = FrameClock::new(start, asked);
            frame_clock.poll(start);
            assert_eq!(frame_clock.latest(start + Duration::from_micros(1_000_001)), index, "{asked}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_a_tick_or_left_out(steps in proptest::collection::vec((0u64..300, 0u64..300), 1..200), fps in 1.0f32..120.0) {
            let mut now = Instant::now();
            let mut frame_clock = FrameClock::new(now, fps);
            let mut counted = 0u64;
            for (wait, cost) in steps {
                now += MS * wait as u32;
                if let Due::Frame(tick) = frame_clock.poll(now) {
                    prop_assert_eq!(tick.index, counted + u64::from(tick.skipped));
                    counted = tick.index + 1;
                    now += MS * cost as u32;
                    frame_clock.done(MS * cost as u32);
                }
                prop_assert_eq!(frame_clock.next_index(), counted);
            }
        }
    }
}

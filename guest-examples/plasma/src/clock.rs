//! Where in its cycle the pattern is.

/// Length of a cycle at a speed of 1, µs.
const CYCLE: i64 = 60_000_000;

/// Time that runs at a speed which may change without a jump.
///
/// In whole numbers, so that it is as exact after a day as in the first second.
pub struct Clock {
    /// Hundredths.
    speed: i64,
    /// The last time asked for, µs.
    now: i64,
    /// When the speed was set, µs, and where the cycle was then, hundredths of µs.
    since: i64,
    begin: i64,
}

impl Clock {
    pub const fn new() -> Self {
        Self { speed: 100, now: 0, since: 0, begin: 0 }
    }

    /// 1 is as it is meant.
    pub fn set_speed(&mut self, speed: f64) {
        self.begin = self.place();
        self.since = self.now;
        self.speed = (speed * 100.0).round() as i64;
    }

    /// The part of the cycle that is over at `now`, µs: from 0 to 1.
    pub fn phase(&mut self, now: i64) -> f32 {
        self.now = now;
        self.place() as f32 / (CYCLE * 100) as f32
    }

    fn place(&self) -> i64 {
        let passed = self.now.saturating_sub(self.since).saturating_mul(self.speed);
        self.begin.saturating_add(passed).rem_euclid(CYCLE * 100)
    }
}

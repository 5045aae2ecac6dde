//! A clock with adjustable speed.

/// A clock whose speed can change without a jump.
///
/// It counts in integers, so that it stays exact for days.
#[derive(Clone)]
pub struct Clock {
    /// In hundredths.
    speed: i64,
    /// The time of the last call, µs.
    now: i64,
    /// The time when it was last set, µs, and its value then, hundredths of µs.
    since: i64,
    begin: i64,
}

impl Clock {
    /// Creates a clock that shows the real time.
    pub const fn new() -> Self {
        Self { speed: 100, now: 0, since: 0, begin: 0 }
    }

    /// Sets the speed: 1 is real time, 0 stands still.
    pub fn set_speed(&mut self, speed: f64) {
        self.begin = self.place();
        self.since = self.now;
        self.speed = (speed * 100.0).round() as i64;
    }

    /// Sets its value at `now` to `place` µs.
    pub fn set(&mut self, now: i64, place: i64) {
        (self.now, self.since, self.begin) = (now, now, place.saturating_mul(100));
    }

    /// Returns its value at `now`, µs.
    pub fn at(&mut self, now: i64) -> i64 {
        self.now = now;
        self.place() / 100
    }

    fn place(&self) -> i64 {
        self.begin.saturating_add(self.now.saturating_sub(self.since).saturating_mul(self.speed))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

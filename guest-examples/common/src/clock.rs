//! Time that runs faster or slower.

/// Time at a speed which may change without a jump.
///
/// In whole numbers, so that it is as exact after a day as in the first second.
#[derive(Clone)]
pub struct Clock {
    /// Hundredths.
    speed: i64,
    /// The last time asked for, µs.
    now: i64,
    /// When it was last set, µs, and what it showed then, hundredths of µs.
    since: i64,
    begin: i64,
}

impl Clock {
    /// Shows the time itself.
    pub const fn new() -> Self {
        Self { speed: 100, now: 0, since: 0, begin: 0 }
    }

    /// At 1 it runs as the time does, at 0 it stands still.
    pub fn set_speed(&mut self, speed: f64) {
        self.begin = self.place();
        self.since = self.now;
        self.speed = (speed * 100.0).round() as i64;
    }

    /// Lets it show `place` µs at `now`.
    pub fn set(&mut self, now: i64, place: i64) {
        (self.now, self.since, self.begin) = (now, now, place.saturating_mul(100));
    }

    /// What it shows at `now`, µs.
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

//! Measures the rate of events.

/// Length of a window, µs.
const WINDOW: i64 = 1_000_000;

/// Counts events in windows of a second.
pub struct Rate {
    /// The start of the window, µs.
    since: Option<i64>,
    count: u32,
}

impl Rate {
    pub const fn new() -> Self {
        Self { since: None, count: 0 }
    }

    /// Counts an event at `now`, µs. Returns the events a second at the end of each window.
    pub fn count(&mut self, now: i64) -> Option<f64> {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_sub(since);
        if passed < WINDOW {
            self.count += 1;
            return None;
        }
        let rate = f64::from(self.count) * 1e6 / passed as f64;
        (self.since, self.count) = (Some(now), 1);
        Some((rate * 10.0).round() / 10.0)
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self::new()
    }
}

//! How often something happens a second.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time over which rates are taken.
const WINDOW: Duration = Duration::from_secs(2);
/// Events that are remembered, as many as frames can come in the window.
const MOST: usize = 512;

/// Counts the events of the last two seconds. A plain struct: time comes in as an argument.
#[derive(Debug, Default)]
pub(crate) struct Rate(VecDeque<Instant>);

impl Rate {
    /// An event happened.
    pub(crate) fn count(&mut self, now: Instant) {
        let old = |at: &Instant| now.saturating_duration_since(*at) > WINDOW;
        while self.0.len() >= MOST || self.0.front().is_some_and(old) {
            self.0.pop_front();
        }
        self.0.push_back(now);
    }

    /// Events a second, rounded to a tenth.
    pub(crate) fn per_second(&self, now: Instant) -> f64 {
        let mut recent = self.0.iter().filter(|at| now.saturating_duration_since(**at) <= WINDOW);
        let (Some(first), count) = (recent.next(), recent.count()) else { return 0.0 };
        let span = now.saturating_duration_since(*first).as_secs_f64();
        if span < 0.1 { 0.0 } else { (count as f64 / span * 10.0).round() / 10.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_measured_and_a_stall_shows() {
        const MS: Duration = Duration::from_millis(1);
        let start = Instant::now();
        let mut rate = Rate::default();
        for i in 0..100 {
            rate.count(start + 20 * MS * i);
        }
        let now = start + 1981 * MS;
        assert!((rate.per_second(now) - 50.0).abs() < 1.0, "{}", rate.per_second(now));
        assert_eq!(rate.per_second(now + Duration::from_secs(3)), 0.0);
    }
}

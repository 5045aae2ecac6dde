//! What a session would use a second if nothing but its policy held it back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time over which calls are taken.
const WINDOW: Duration = Duration::from_secs(3);
/// Calls that are kept beyond the window: a session that is held back makes few.
const KEPT: usize = 3;
/// Calls that are kept at most.
const MOST: usize = 256;

/// What a call costs on average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Time on the handler's thread, encoding included, ms.
    pub ms: f64,
    /// Fuel.
    pub fuel: f64,
}

/// The recent calls. A plain struct: time comes in as an argument.
#[derive(Debug, Default)]
pub struct Demand {
    calls: VecDeque<(Instant, Cost)>,
}

impl Demand {
    /// A call ended.
    pub fn called(&mut self, now: Instant, time: Duration, fuel: u64) {
        let old = |at: &Instant| now.saturating_duration_since(*at) > WINDOW;
        while self.calls.len() >= MOST
            || (self.calls.len() >= KEPT && self.calls.front().is_some_and(|(at, _)| old(at)))
        {
            self.calls.pop_front();
        }
        self.calls.push_back((now, Cost { ms: time.as_secs_f64() * 1e3, fuel: fuel as f64 }));
    }

    /// What was measured says nothing of the calls to come: their pictures have another size.
    pub fn forget(&mut self) {
        self.calls.clear();
    }

    /// The mean of the recent calls; none before there were enough.
    pub fn cost(&self) -> Option<Cost> {
        let count = self.calls.len();
        let sum = self
            .calls
            .iter()
            .fold(Cost::default(), |sum, (_, cost)| Cost { ms: sum.ms + cost.ms, fuel: sum.fuel + cost.fuel });
        (count >= KEPT).then(|| Cost { ms: sum.ms / count as f64, fuel: sum.fuel / count as f64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_recent_calls_needs_a_few_and_forgets() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut demand = Demand::default();
        demand.called(start, ms(10), 100);
        demand.called(start, ms(20), 200);
        assert_eq!(demand.cost(), None);
        demand.called(start, ms(30), 300);
        assert_eq!(demand.cost(), Some(Cost { ms: 20.0, fuel: 200.0 }));
        for i in 0..1000 {
            demand.called(start + ms(4000 + i), ms(50), 7);
        }
        assert_eq!(demand.cost(), Some(Cost { ms: 50.0, fuel: 7.0 }));
        assert!(demand.calls.len() <= MOST);
        demand.forget();
        assert_eq!(demand.cost(), None);
    }
}

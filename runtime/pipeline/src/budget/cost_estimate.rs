//! Estimates the cost of a call from the recent ones.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time over which calls are averaged.
const WINDOW: Duration = Duration::from_secs(3);
/// Calls that are kept beyond the window: a limited session makes few.
const KEPT: usize = 3;
/// Calls that are kept at most.
const MOST: usize = 256;

/// Average cost of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Time that the handler or the encoder is busy with it, the longer of the two, ms.
    pub wall_ms: f64,
    /// CPU time of the handler's thread and of encoding, ms.
    pub cpu_ms: f64,
    /// Fuel.
    pub fuel: f64,
}

/// The recent calls. A plain struct: time comes in as an argument.
#[derive(Debug, Default)]
pub struct CostEstimate {
    calls: VecDeque<(Instant, Cost)>,
}

impl CostEstimate {
    /// A call ended.
    pub fn called(&mut self, now: Instant, wall: Duration, cpu: Duration, fuel: u64) {
        let old = |at: &Instant| now.saturating_duration_since(*at) > WINDOW;
        while self.calls.len() >= MOST
            || (self.calls.len() >= KEPT && self.calls.front().is_some_and(|(at, _)| old(at)))
        {
            self.calls.pop_front();
        }
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        self.calls.push_back((now, Cost { wall_ms: ms(wall), cpu_ms: ms(cpu), fuel: fuel as f64 }));
    }

    /// Forgets all calls: later ones have pictures of another size.
    pub fn forget(&mut self) {
        self.calls.clear();
    }

    /// Returns the mean of the recent calls; none before the first one.
    pub fn cost(&self) -> Option<Cost> {
        let count = self.calls.len();
        let sum = self.calls.iter().fold(Cost::default(), |sum, (_, cost)| Cost {
            wall_ms: sum.wall_ms + cost.wall_ms,
            cpu_ms: sum.cpu_ms + cost.cpu_ms,
            fuel: sum.fuel + cost.fuel,
        });
        let mean = |sum| sum / count as f64;
        (count > 0).then(|| Cost { wall_ms: mean(sum.wall_ms), cpu_ms: mean(sum.cpu_ms), fuel: mean(sum.fuel) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_recent_calls() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut estimate = CostEstimate::default();
        assert_eq!(estimate.cost(), None);
        estimate.called(start, ms(10), ms(1), 100);
        estimate.called(start, ms(20), ms(2), 200);
        estimate.called(start, ms(30), ms(3), 300);
        assert_eq!(estimate.cost(), Some(Cost { wall_ms: 20.0, cpu_ms: 2.0, fuel: 200.0 }));
        for i in 0..1000 {
            estimate.called(start + ms(4000 + i), ms(50), ms(5), 7);
        }
        assert_eq!(estimate.cost(), Some(Cost { wall_ms: 50.0, cpu_ms: 5.0, fuel: 7.0 }));
        assert!(estimate.calls.len() <= MOST);
        estimate.forget();
        assert_eq!(estimate.cost(), None);
    }
}

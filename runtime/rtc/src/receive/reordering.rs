//! By how much packets come out of order on this path. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

/// Least time before a packet that is missing counts as lost.
const MIN: Duration = Duration::from_millis(8);
/// Longest one: a packet that comes later than this is asked for meanwhile.
const MAX: Duration = Duration::from_millis(100);
/// Time in which what was learned is halved, if nothing comes late.
const HALVING: Duration = Duration::from_secs(10);

/// Learns from packets that came late without having been sent again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reordering {
    learned: Duration,
    at: Option<Instant>,
}

impl Reordering {
    /// How long a packet may be missing before it counts as lost.
    pub fn wait(&self, now: Instant) -> Duration {
        let idle = self.at.map(|at| now.saturating_duration_since(at)).unwrap_or_default();
        let halvings = (idle.as_millis() / HALVING.as_millis()).min(16) as u32;
        (self.learned / (1 << halvings)).clamp(MIN, MAX)
    }

    /// A packet came this late: up quickly, down slowly, so that few packets are asked for in vain.
    pub fn late(&mut self, now: Instant, late: Duration) {
        let wait = self.wait(now);
        let wanted = (late + late / 8).min(MAX);
        self.learned = if wanted > wait { (wait + wanted) / 2 + MIN / 8 } else { wait - (wait - wanted) / 64 };
        self.at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_is_waited_for_and_forgotten() {
        let start = Instant::now();
        let (ms, at) = (Duration::from_millis, |ms| start + Duration::from_millis(ms));
        let mut reordering = Reordering::default();
        assert_eq!(reordering.wait(start), MIN);
        for number in 0..200 {
            reordering.late(at(number * 50), ms(if number % 5 == 0 { 60 } else { 10 }));
        }
        let wait = reordering.wait(at(10_000));
        assert!((ms(50)..=MAX).contains(&wait), "{wait:?}");
        assert!(reordering.wait(at(60_000)) < ms(15));
        reordering.late(at(60_000), ms(100_000));
        assert!(reordering.wait(at(60_000)) <= MAX);
    }
}

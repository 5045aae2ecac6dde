//! A handler that faults again and again rests for a growing while.

use std::time::{Duration, Instant};

/// Faults in a row that open the breaker.
const FAULTS: u32 = 3;
/// The first rest; each further one is twice as long.
const FIRST_REST: Duration = Duration::from_millis(500);
/// No rest is longer.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Counts faults in a row. A plain struct: time comes in as an argument.
#[derive(Debug, Default)]
pub struct Breaker {
    faults: u32,
    resting_until: Option<Instant>,
}

impl Breaker {
    /// A call succeeded: the breaker is closed.
    pub fn success(&mut self) {
        *self = Self::default();
    }

    /// A call faulted. Some: the handler rests for that long.
    pub fn fault(&mut self, now: Instant) -> Option<Duration> {
        self.faults = self.faults.saturating_add(1);
        let doublings = self.faults.checked_sub(FAULTS)?;
        let rest = (FIRST_REST * 2u32.saturating_pow(doublings.min(16))).min(LONGEST_REST);
        self.resting_until = Some(now + rest);
        Some(rest)
    }

    /// True while the handler rests.
    pub fn is_resting(&self, now: Instant) -> bool {
        self.resting_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_double_from_the_third_fault_and_a_success_ends_them() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        let rests: Vec<_> = (0..10)
            .map(|_| {
                let rest = breaker.fault(now);
                now += rest.unwrap_or_default();
                assert!(!breaker.is_resting(now), "a rest ends");
                rest.map(|rest| rest.as_millis())
            })
            .collect();
        let ms = |ms| Some(ms);
        assert_eq!(
            rests,
            [None, None, ms(500), ms(1000), ms(2000), ms(4000), ms(8000), ms(16_000), ms(30_000), ms(30_000)]
        );
        assert!(breaker.fault(now).is_some() && breaker.is_resting(now));
        breaker.success();
        assert!(!breaker.is_resting(now));
        assert_eq!(breaker.fault(now), None);
    }
}

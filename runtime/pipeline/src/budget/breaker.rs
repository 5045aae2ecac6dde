//! Circuit breaker: pauses a failing handler with exponential backoff.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// When the breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Faults in a row that open the breaker; 0 is taken as 1.
    pub faults: u32,
    /// The first rest; each further one is twice as long.
    pub first_rest: Duration,
    /// No rest is longer.
    pub longest_rest: Duration,
}

impl Default for Settings {
    /// Three faults, 0.5 s, 30 s.
    fn default() -> Self {
        Self { faults: 3, first_rest: Duration::from_millis(500), longest_rest: Duration::from_secs(30) }
    }
}

/// Counts faults in a row. A plain struct: time comes in as an argument.
#[derive(Debug, Default)]
pub struct Breaker {
    settings: Settings,
    faults: u32,
    resting_until: Option<Instant>,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// A call succeeded: the breaker is closed.
    pub fn success(&mut self) {
        self.faults = 0;
        self.resting_until = None;
    }

    /// A call faulted. Returns how long the handler rests, if it does.
    pub fn fault(&mut self, now: Instant) -> Option<Duration> {
        self.faults = self.faults.saturating_add(1);
        let doublings = self.faults.checked_sub(self.settings.faults.max(1))?;
        let rest = self.settings.first_rest.saturating_mul(2u32.saturating_pow(doublings));
        // A rest beyond a day makes no difference.
        let rest = rest.min(self.settings.longest_rest).min(Duration::from_secs(86_400));
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

    fn rests(settings: Settings, faults: usize) -> Vec<Option<u128>> {
        let mut now = Instant::now();
        let mut breaker = Breaker::new(settings);
        (0..faults)
            .map(|_| {
                let rest = breaker.fault(now);
                assert_eq!(breaker.is_resting(now), rest.is_some_and(|rest| !rest.is_zero()));
                now += rest.unwrap_or_default();
                assert!(!breaker.is_resting(now), "a rest ends");
                rest.map(|rest| rest.as_millis())
            })
            .collect()
    }

    #[test]
    fn rests_double_from_the_third_fault() {
        let ms = Some;
        assert_eq!(
            rests(Settings::default(), 10),
            [None, None, ms(500), ms(1000), ms(2000), ms(4000), ms(8000), ms(16_000), ms(30_000), ms(30_000)]
        );
    }

    #[test]
    fn a_success_closes_it() {
        let now = Instant::now();
        let mut breaker = Breaker::new(Settings { faults: 1, ..Settings::default() });
        assert!(breaker.fault(now).is_some() && breaker.is_resting(now));
        breaker.success();
        assert!(!breaker.is_resting(now));
        assert_eq!(breaker.fault(now), Some(Settings::default().first_rest), "the doubling starts again");
    }

    #[test]
    fn any_settings_are_taken() {
        let day = Some(86_400_000);
        let longest = Settings { faults: 0, first_rest: Duration::MAX, longest_rest: Duration::MAX };
        assert_eq!(rests(longest, 3), [day, day, day]);
        let none = Settings { faults: 2, first_rest: Duration::ZERO, longest_rest: Duration::ZERO };
        assert_eq!(rests(none, 3), [None, Some(0), Some(0)]);
        assert_eq!(rests(Settings { faults: u32::MAX, ..none }, 50), [None; 50]);
    }
}

//! Repeated notices told seldom. A plain struct: time comes in as an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// At most one notice of a code in this time.
const INTERVAL: Duration = Duration::from_secs(1);

/// Remembers what was told when.
#[derive(Debug, Default)]
pub struct Throttle {
    told: HashMap<&'static str, (Instant, u32)>,
}

impl Throttle {
    /// Some: tell it now, with the number of those of the same code that were kept back since.
    pub fn admit(&mut self, now: Instant, code: &'static str) -> Option<u32> {
        match self.told.get_mut(code) {
            Some((at, kept_back)) if now.saturating_duration_since(*at) < INTERVAL => {
                *kept_back += 1;
                None
            }
            _ => Some(self.told.insert(code, (now, 0)).map_or(0, |(_, kept_back)| kept_back)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_second_for_each_code_and_none_is_forgotten() {
        let start = Instant::now();
        let mut throttle = Throttle::default();
        let mut told = vec![];
        for i in 0..60u32 {
            told.extend(throttle.admit(start + Duration::from_millis(50) * i, "trap"));
        }
        assert_eq!(told, [0, 19, 19]);
        assert_eq!(throttle.admit(start, "time"), Some(0));
    }
}

//! Limits how often repeated notices are sent. `now` is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Time in which at most one notice of a code is sent.
const INTERVAL: Duration = Duration::from_secs(1);

/// Remembers when a notice of each code was last sent.
#[derive(Debug, Default)]
pub struct Throttle {
    sent: HashMap<&'static str, (Instant, u32)>,
}

impl Throttle {
    /// Returns the number of suppressed notices of the same code when this one is to be sent; `None` to suppress it, too.
    pub fn admit(&mut self, now: Instant, code: &'static str) -> Option<u32> {
        match self.sent.get_mut(code) {
            Some((at, suppressed)) if now.saturating_duration_since(*at) < INTERVAL => {
                *suppressed += 1;
                None
            }
            _ => Some(self.sent.insert(code, (now, 0)).map_or(0, |(_, suppressed)| suppressed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_notice_a_second_is_sent_for_each_code_and_all_are_counted() {
        let start = Instant::now();
        let mut throttle = Throttle::default();
        let mut sent = vec![];
        for i in 0..60u32 {
            sent.extend(throttle.admit(start + Duration::from_millis(50) * i, "trap"));
        }
        assert_eq!(sent, [0, 19, 19]);
        assert_eq!(throttle.admit(start, "time"), Some(0));
    }
}

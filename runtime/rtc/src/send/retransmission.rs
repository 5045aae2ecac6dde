//! Bounds what a viewer can have sent again: a request of one kilobyte can name thousands of packets.

use std::time::Instant;

/// Packets that may be sent again at once.
const BURST: f64 = 400.0;
/// Packets that may be sent again in a second, in the long run.
const PER_SECOND: f64 = 800.0;

/// A token bucket of retransmissions. Has no clock: `now` is an argument.
#[derive(Debug, Default)]
pub struct RetransmissionLimiter {
    /// Packets that were sent again and not yet made up for by the time that passed.
    spent: f64,
    last: Option<Instant>,
}

impl RetransmissionLimiter {
    /// Returns whether this many packets may be sent again; they are counted if so.
    pub fn admit(&mut self, now: Instant, packets: u32) -> bool {
        let elapsed = self.last.map_or(0.0, |last| now.saturating_duration_since(last).as_secs_f64());
        self.last = Some(now);
        self.spent = (self.spent - elapsed * PER_SECOND).max(0.0);
        let admitted = self.spent + f64::from(packets) <= BURST;
        if admitted {
            self.spent += f64::from(packets);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn requests_beyond_the_limit_are_refused() {
        let (start, mut limiter) = (Instant::now(), RetransmissionLimiter::default());
        // (at ms, requests for 17 packets each, of which are admitted)
        for (at, requests, admitted) in [(0, 3, 3), (0, 300, 20), (0, 300, 0), (100, 300, 5), (100_000, 300, 23)] {
            let now = start + Duration::from_millis(at);
            let count = (0..requests).filter(|_| limiter.admit(now, 17)).count();
            assert_eq!(count, admitted, "at {at}");
        }
    }
}

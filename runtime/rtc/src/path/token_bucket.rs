//! A rate with a burst.

use std::time::Instant;

/// Admits `rate` events a second, and as many at once after a pause of a second.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    rate: f64,
    tokens: f64,
    filled: Option<Instant>,
}

impl TokenBucket {
    /// A full bucket for so many events a second.
    pub const fn new(rate: u32) -> Self {
        Self { rate: rate as f64, tokens: rate as f64, filled: None }
    }

    /// Returns whether there is room for one more event at `now`.
    pub fn admit(&mut self, now: Instant) -> bool {
        if let Some(filled) = self.filled {
            let earned = now.saturating_duration_since(filled).as_secs_f64() * self.rate;
            self.tokens = (self.tokens + earned).min(self.rate);
        }
        self.filled = Some(self.filled.map_or(now, |filled| filled.max(now)));
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_and_then_the_rate_is_admitted() {
        let (start, mut bucket) = (Instant::now(), TokenBucket::new(10));
        let admitted = |bucket: &mut TokenBucket, now| (0..100).filter(|_| bucket.admit(now)).count();
        assert_eq!(admitted(&mut bucket, start), 10);
        assert_eq!(admitted(&mut bucket, start + Duration::from_millis(500)), 5);
        assert_eq!(admitted(&mut bucket, start + Duration::from_millis(400)), 0, "time does not run backwards");
        assert_eq!(admitted(&mut bucket, start + Duration::from_secs(1)), 5);
        assert_eq!(admitted(&mut bucket, start + Duration::from_secs(100)), 10);
    }
}

//! A token bucket that may go into debt: how much fuel or time a session may use a second.
//!
//! The cost of a call is known only afterwards: a call may begin as long as there is no debt, and a debt is waited off before
//! the next one.

use std::time::{Duration, Instant};

/// Longest debt, as time of waiting: no session is shut out for longer at a time.
const LONGEST_DEBT: Duration = Duration::from_secs(60);

/// A bucket that fills at a constant rate. A plain struct: time comes in as an argument.
#[derive(Debug)]
pub struct TokenBucket {
    /// Units a second.
    rate: u64,
    /// Units; below 0 it is a debt.
    balance: f64,
    updated: Option<Instant>,
}

impl TokenBucket {
    /// Creates a bucket of `rate` units a second that holds at most a second's worth. A rate of 0 is taken as 1.
    pub fn new(rate: u64) -> Self {
        let rate = rate.max(1);
        Self { rate, balance: rate as f64, updated: None }
    }

    /// Units a second.
    pub fn rate(&self) -> u64 {
        self.rate
    }

    /// Changes the rate. Savings and debts keep their length in time.
    pub fn set_rate(&mut self, now: Instant, rate: u64) {
        self.refill(now);
        let rate = rate.max(1);
        self.balance *= rate as f64 / self.rate as f64;
        self.rate = rate;
    }

    /// A call used `units`. Returns the earliest time of the next call, if there is a debt.
    pub fn spend(&mut self, now: Instant, units: u64) -> Option<Instant> {
        self.refill(now);
        let floor = -(self.rate as f64) * LONGEST_DEBT.as_secs_f64();
        self.balance = (self.balance - units as f64).max(floor);
        self.shut_until(now)
    }

    /// Returns when the debt is paid off, if there is one: no call may begin before then.
    pub fn shut_until(&mut self, now: Instant) -> Option<Instant> {
        self.refill(now);
        (self.balance < 0.0).then(|| now + Duration::from_secs_f64(-self.balance / self.rate as f64))
    }

    fn refill(&mut self, now: Instant) {
        let since = *self.updated.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        self.updated = Some(since.max(now));
        self.balance = (self.balance + passed.as_secs_f64() * self.rate as f64).min(self.rate as f64);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Calls of `cost` units every `interval` where they may; returns (units spent, longest gap).
    fn run(bucket: &mut TokenBucket, cost: u64, interval: Duration, time: Duration) -> (u64, Duration) {
        let start = Instant::now();
        let (mut now, mut spent, mut shut, mut longest, mut last) = (start, 0, None, Duration::ZERO, start);
        while now < start + time {
            if shut.is_none_or(|until| now >= until) {
                spent += cost;
                shut = bucket.spend(now, cost);
                longest = longest.max(now - last);
                last = now;
            }
            now += interval;
        }
        (spent, longest)
    }

    #[test]
    fn a_session_gets_its_share_and_no_more() {
        let minute = Duration::from_secs(60);
        for (cost, wanted) in [(10, 300), (33, 990), (34, 1000), (100, 1000), (500, 1000), (3000, 1000)] {
            let mut bucket = TokenBucket::new(1000);
            let (spent, longest) = run(&mut bucket, cost, MS * 100 / 3, minute);
            let rate = spent as f64 / 60.0;
            assert!((rate - wanted as f64).abs() <= wanted as f64 * 0.06, "{cost}: {rate} a second, not {wanted}");
            assert!(longest <= MS * cost as u32 + 34 * MS, "{cost}: a gap of {longest:?}");
        }
    }

    #[test]
    fn savings_and_debts_are_bounded() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(1000);
        assert_eq!(bucket.spend(start, 0), None);
        let later = start + Duration::from_secs(3600);
        assert_eq!(bucket.spend(later, 1000), None, "an idle hour saves a second's worth");
        assert_eq!(bucket.spend(later, 500), Some(later + 500 * MS), "and no more");
        assert_eq!(bucket.spend(later, u64::MAX), Some(later + LONGEST_DEBT));
    }

    #[test]
    fn a_changed_rate_holds_from_then_on() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(1000);
        bucket.spend(start, 2000);
        assert_eq!(bucket.shut_until(start), Some(start + Duration::from_secs(1)));
        bucket.set_rate(start, 10);
        assert_eq!(bucket.shut_until(start), Some(start + Duration::from_secs(1)), "the wait stays");
        let free = start + Duration::from_secs(1);
        assert_eq!(bucket.spend(free, 10), Some(free + Duration::from_secs(1)));
        assert_eq!(bucket.rate(), 10);
    }

    proptest! {
        #[test]
        fn over_any_stretch_no_more_than_the_share_and_one_call_is_used(
            rate in 1u64..1_000_000,
            calls in proptest::collection::vec((0u32..500, 0u64..2_000_000), 1..200),
        ) {
            let start = Instant::now();
            let (mut now, mut spent) = (start, 0.0);
            let mut bucket = TokenBucket::new(rate);
            for (ms, cost) in calls {
                now += MS * ms;
                let allowed = rate as f64 * ((now - start).as_secs_f64() + 1.0);
                let Some(until) = bucket.shut_until(now) else {
                    prop_assert!(spent <= allowed * 1.000_1 + 1.0);
                    // Debts beyond the longest are forgiven.
                    let cost = cost.min(rate * 30);
                    spent += cost as f64;
                    bucket.spend(now, cost);
                    continue;
                };
                prop_assert!(until > now && until <= now + LONGEST_DEBT + MS);
            }
        }
    }
}

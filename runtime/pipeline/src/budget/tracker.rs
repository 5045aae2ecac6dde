//! Tracks the budgets of one session: token buckets, cost estimate, degradation.

use std::time::{Duration, Instant};

use crate::budget::Budgets;
use crate::budget::cost_estimate::CostEstimate;
use crate::budget::degradation::{Allowance, Change, Degradation, Level};
use crate::budget::token_bucket::TokenBucket;
use crate::schedule::skip_reason::SkipReason;

/// How often degradation is decided when no call ends.
const LOOK: Duration = Duration::from_millis(500);

/// Cost of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// How long the handler was busy with it, or the encoder, if that took longer.
    pub(crate) wall: Duration,
    /// CPU time of the handler's thread, and of encoding its results.
    pub(crate) cpu: Duration,
    /// Fuel.
    pub(crate) fuel: u64,
}

/// The budgets of one session. A plain struct: time comes in as an argument.
#[derive(Debug)]
pub(crate) struct BudgetTracker {
    fuel: Option<TokenBucket>,
    time: Option<TokenBucket>,
    /// While the node is over its capacity: the session's fair share of it, µs of CPU a second.
    share: Option<TokenBucket>,
    estimate: CostEstimate,
    degradation: Degradation,
    may: Allowance,
}

impl BudgetTracker {
    /// `scalable`: the handler's descriptor leaves the size of its pictures open.
    pub(crate) fn new(budgets: &Budgets, scalable: bool) -> Self {
        Self {
            fuel: budgets.fuel_per_second.map(TokenBucket::new),
            time: budgets.ms_per_second.map(|ms| TokenBucket::new(u64::from(ms) * 1000)),
            share: None,
            estimate: CostEstimate::default(),
            degradation: Degradation::new(budgets.degradation.clone(), scalable),
            may: budgets.allowance(),
        }
    }

    /// A call ended. `typical`: whether the call represents later calls. Returns the earliest time of the next call, if limited,
    /// and the reason.
    pub(crate) fn called(&mut self, now: Instant, spent: Spent, typical: bool) -> Option<(Instant, SkipReason)> {
        if typical {
            self.estimate.called(now, spent.wall, spent.cpu, spent.fuel);
        }
        let fuel = self.fuel.as_mut().and_then(|bucket| bucket.spend(now, spent.fuel));
        let time = self.time.as_mut().and_then(|bucket| bucket.spend(now, micros(spent.cpu)));
        fuel.max(time).map(|until| (until, SkipReason::OverBudget))
    }

    /// The session's threads used `cpu` since the last time. `level`: its fair share of the node, ms a second, under
    /// contention. Returns the earliest time of the next call, if limited, and the reason.
    pub(crate) fn shared(&mut self, now: Instant, cpu: Duration, level: Option<f64>) -> Option<(Instant, SkipReason)> {
        let Some(level) = level else {
            self.share = None;
            return None;
        };
        let rate = (level * 1000.0) as u64;
        let bucket = self.share.get_or_insert_with(|| TokenBucket::new(rate));
        bucket.set_rate(now, rate);
        bucket.spend(now, micros(cpu)).map(|until| (until, SkipReason::Contention))
    }

    /// Decides whether to degrade further or to recover. `interval`: time between frames that the policy lets in.
    pub(crate) fn tick(&mut self, now: Instant, interval: Duration) -> Option<Change> {
        let before = self.degradation.level();
        let change = self.degradation.tick(now, self.estimate.cost(), interval, self.may)?;
        if before.rests() || before.sides_percent != change.level.sides_percent {
            self.estimate.forget();
        }
        Some(change)
    }

    /// Until when degradation lets the handler rest.
    pub(crate) fn resting_until(&self) -> Option<Instant> {
        self.degradation.resting_until()
    }

    /// When to decide again even if no call ends before: a limited session makes few calls.
    pub(crate) fn next_look(&self, now: Instant) -> Option<Instant> {
        let limited = self.may != Allowance::default();
        self.resting_until().or(limited.then(|| now + LOOK))
    }

    /// The level of degradation.
    pub(crate) fn level(&self) -> Level {
        self.degradation.level()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn each_bucket_has_its_reason_and_the_longest_wait_counts() {
        let now = Instant::now();
        let budgets = Budgets { fuel_per_second: Some(1000), ms_per_second: Some(100), ..Budgets::default() };
        let mut tracker = BudgetTracker::new(&budgets, true);
        let spent = |cpu, fuel| Spent { wall: cpu, cpu, fuel };
        assert_eq!(tracker.called(now, spent(50 * MS, 900), true), None);
        assert_eq!(tracker.called(now, spent(150 * MS, 200), true), Some((now + 1000 * MS, SkipReason::OverBudget)));
        assert_eq!(tracker.shared(now, 900 * MS, None), None);
        assert_eq!(tracker.shared(now, 400 * MS, Some(500.0)), None, "a second's worth may be used at once");
        assert_eq!(tracker.shared(now, 350 * MS, Some(500.0)), Some((now + 500 * MS, SkipReason::Contention)));
        assert_eq!(tracker.shared(now, 900 * MS, None), None, "when it is over, nothing is owed");
    }

    #[test]
    fn without_limits_nothing_is_held_back() {
        let mut now = Instant::now();
        let mut tracker = BudgetTracker::new(&Budgets::default(), true);
        for _ in 0..200 {
            now += 500 * MS;
            let spent = Spent { wall: 500 * MS, cpu: 500 * MS, fuel: u64::MAX };
            assert_eq!(tracker.called(now, spent, true), None);
            assert_eq!(tracker.tick(now, 33 * MS), None);
        }
    }

    #[test]
    fn a_try_after_a_rest_is_judged_by_its_own_calls() {
        let mut now = Instant::now();
        let budgets = Budgets { fuel_per_second: Some(1000), ..Budgets::default() };
        let mut tracker = BudgetTracker::new(&budgets, true);
        let mut steps = Vec::new();
        for tick in 0..1000 {
            now += 33 * MS;
            if tracker.resting_until().is_none_or(|until| until <= now) {
                let fuel = if tick < 100 { 2000 } else { 10 };
                tracker.called(now, Spent { wall: MS, cpu: MS, fuel }, true);
            }
            steps.extend(tracker.tick(now, 33 * MS).map(|change| (change.up, change.level.rests())));
        }
        assert_eq!(steps, [(true, true), (false, false), (false, false)], "up, tried, down to the bottom");
        assert_eq!(tracker.level().step, None);
    }
}

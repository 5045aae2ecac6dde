//! Whether loss comes from congestion. Wireless networks lose packets at any rate; a policer loses what is above its rate. The two
//! are told apart by a test: the rate is lowered once, and when the loss stays, it is not the rate that causes it.

use std::time::{Duration, Instant};

/// Loss above what is known to be random that counts as a sign of congestion.
const EXCESS: f64 = 0.12;
/// Largest reduction at once.
const MAX_REDUCTION: f64 = 0.5;
/// Length of a window, and packets in it, at least; a window of few packets has to be longer.
const WINDOW: (Duration, u32) = (Duration::from_millis(500), 40);
const LONG_WINDOW: (Duration, u32) = (Duration::from_millis(1500), 10);
/// Time before a reduction shows in the reports.
const SETTLING: Duration = Duration::from_millis(300);
/// Part of the loss that stays when it is random.
const STAYS: f64 = 0.6;
/// Weight of a window in what counts as random, when there is more loss, and when there is less.
const LEARNING: (f64, f64) = (0.2, 0.1);
/// Standard deviations of chance by which the loss has to exceed what is known to be random, besides.
const CHANCE: f64 = 2.0;

/// What is to be done about the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Nothing.
    Stay,
    /// The rate is multiplied by this.
    Reduce(f64),
    /// The reduction did not help: back to the rate, b/s, before it.
    Restore(f64),
}

/// A reduction whose effect is awaited.
#[derive(Clone, Copy, Debug)]
struct Test {
    since: Instant,
    loss: f64,
    rate: f64,
}

/// Judges the loss.
#[derive(Debug, Default)]
pub(super) struct LossControl {
    since: Option<Instant>,
    arrived: u32,
    lost: u32,
    /// Loss that does not depend on the rate.
    random: f64,
    /// Loss of the last two windows, the newest first.
    last: [f64; 2],
    test: Option<Test>,
}

impl LossControl {
    /// Loss of the last two windows, the larger one, 0 to 1.
    pub(super) fn loss(&self) -> f64 {
        self.last[0].max(self.last[1])
    }

    /// Takes what arrived and what was lost of packets sent at `rate`, b/s. Where a queue stands, the delay decides, and loss
    /// tells nothing new.
    pub(super) fn observe(&mut self, now: Instant, arrived: usize, lost: usize, queued: bool, rate: f64) -> Verdict {
        let since = *self.since.get_or_insert(now);
        self.arrived += arrived as u32;
        self.lost += lost as u32;
        let (elapsed, packets) = (now.saturating_duration_since(since), self.arrived + self.lost);
        let is_full = |(length, least): (Duration, u32)| elapsed >= length && packets >= least;
        if !is_full(WINDOW) && !is_full(LONG_WINDOW) {
            return Verdict::Stay;
        }
        let loss = f64::from(self.lost) / f64::from(packets);
        self.last = [loss, self.last[0]];
        self.start_window(now);
        if queued {
            self.test = None;
            return Verdict::Stay;
        }
        if let Some(test) = self.test {
            if since < test.since + SETTLING {
                return Verdict::Stay;
            }
            self.test = None;
            if loss > STAYS * test.loss {
                self.random = self.random.max(loss);
                return Verdict::Restore(test.rate);
            }
        }
        let excess = loss - self.random;
        let likely = self.random.max(0.03);
        let deviation = (likely * (1.0 - likely) / f64::from(packets)).sqrt();
        if excess > EXCESS + CHANCE * deviation {
            self.test = Some(Test { since: now, loss, rate });
            return Verdict::Reduce(1.0 - excess.min(MAX_REDUCTION));
        }
        self.random += excess * if excess > 0.0 { LEARNING.0 } else { LEARNING.1 };
        Verdict::Stay
    }

    fn start_window(&mut self, now: Instant) {
        (self.since, self.arrived, self.lost) = (Some(now), 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows the verdicts for so many seconds on a path that carries `carried` of a rate; returns the rate.
    fn run(start_rate: f64, seconds: u64, carried: impl Fn(f64) -> f64) -> f64 {
        let (start, mut control, mut rate) = (Instant::now(), LossControl::default(), start_rate);
        for step in 0..seconds * 10 {
            let packets = (rate / 80_000.0) as usize;
            let arrived = (packets as f64 * carried(rate)).round() as usize;
            let now = start + Duration::from_millis(step * 100);
            match control.observe(now, arrived, packets - arrived, false, rate) {
                Verdict::Stay => {}
                Verdict::Reduce(factor) => rate *= factor,
                Verdict::Restore(before) => rate = before,
            }
        }
        rate
    }

    #[test]
    fn random_loss_keeps_the_rate_and_a_policer_does_not() {
        assert_eq!(run(2e6, 20, |_| 0.95), 2e6);
        assert_eq!(run(2e6, 20, |_| 0.85), 2e6, "the test shows that the loss is random");
        let policed = run(2e6, 20, |rate| (1e6 / rate).min(1.0));
        assert!((0.9e6..1.1e6).contains(&policed), "{policed}");
    }

    #[test]
    fn where_a_queue_stands_the_loss_says_nothing() {
        let (start, mut control) = (Instant::now(), LossControl::default());
        for step in 0..100 {
            let now = start + Duration::from_millis(step * 100);
            assert_eq!(control.observe(now, 10, 10, true, 1e6), Verdict::Stay);
        }
        assert_eq!(control.loss(), 0.5);
    }
}

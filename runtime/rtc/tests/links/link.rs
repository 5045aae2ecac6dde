//! A link with a virtual clock: rate, queue, delay, jitter, loss.

use std::time::Duration;

/// How a link behaves from a time on.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// What it carries, b/s.
    pub rate: f64,
    /// The longest queue; what finds it full is lost.
    pub queue: Duration,
    /// One-way delay.
    pub delay: Duration,
    /// Largest additional delay, by chance.
    pub jitter: Duration,
    /// Part of the packets that is lost, 0 to 1.
    pub loss: f64,
}

impl Default for Conditions {
    fn default() -> Self {
        let (queue, delay) = (Duration::from_millis(300), Duration::from_millis(10));
        Self { rate: 1e9, queue, delay, jitter: Duration::ZERO, loss: 0.0 }
    }
}

/// Random numbers of a seed, 0 to 1 (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// The next one.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// One direction of a path.
pub struct Link {
    /// Conditions by the time at which they begin, in order.
    schedule: Vec<(Duration, Conditions)>,
    /// When what is queued has left.
    free: Duration,
    random: Random,
}

impl Link {
    /// A link that follows a schedule.
    pub fn new(schedule: Vec<(Duration, Conditions)>, seed: u64) -> Self {
        Self { schedule, free: Duration::ZERO, random: Random(seed) }
    }

    /// When a packet of so many bytes that is sent at `now` arrives; `None` when it is lost.
    pub fn send(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let conditions = self.schedule.iter().rev().find(|(at, _)| *at <= now).map(|(_, conditions)| *conditions)?;
        let begins = self.free.max(now);
        if begins - now > conditions.queue || conditions.rate < 1.0 {
            return None;
        }
        self.free = begins + Duration::from_secs_f64(bytes as f64 * 8.0 / conditions.rate);
        let jitter = conditions.jitter.mul_f64(self.random.next());
        (self.random.next() >= conditions.loss).then(|| self.free + conditions.delay + jitter)
    }
}

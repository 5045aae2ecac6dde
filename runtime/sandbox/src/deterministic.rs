//! Deterministic clocks and random numbers, for runs that can be repeated.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rand::TryRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// Time that passes with each reading of a clock, µs, so that a guest that polls a clock makes progress.
const READING: u64 = 100;
/// Time that the wall clock shows at the beginning, s since 1970: 1 January 2000.
const EPOCH: u64 = 946_684_800;
/// Resolution of the clocks, µs; that of the real ones.
const RESOLUTION: u64 = 1000;

/// Clocks that only advance when told to or when read, and random numbers from a seed. Clones share the time.
///
/// A guest that sleeps does so in real time, which these clocks do not see.
#[derive(Clone, Debug)]
pub struct Deterministic {
    seed: u64,
    /// Time since the beginning, µs.
    now: Arc<AtomicU64>,
}

impl Deterministic {
    /// Creates clocks at their beginning.
    pub fn new(seed: u64) -> Self {
        Self { seed, now: Arc::default() }
    }

    /// Advances the clocks to `us` µs after the beginning. They never go back.
    pub fn advance_to(&self, us: u64) {
        self.now.fetch_max(us, Relaxed);
    }

    /// Reads the clock: µs since the beginning, rounded to the resolution.
    fn read(&self) -> u64 {
        let now = self.now.fetch_add(READING, Relaxed);
        now - now % RESOLUTION
    }

    /// Returns a random number generator for one purpose.
    pub(crate) fn random(&self, purpose: u64) -> Random {
        Random(self.seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl HostWallClock for Deterministic {
    fn resolution(&self) -> Duration {
        Duration::from_micros(RESOLUTION)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(EPOCH).saturating_add(Duration::from_micros(self.read()))
    }
}

impl HostMonotonicClock for Deterministic {
    fn resolution(&self) -> u64 {
        RESOLUTION * 1000
    }

    fn now(&self) -> u64 {
        // Never zero, which Go's runtime takes for a broken clock.
        self.read().saturating_add(RESOLUTION).saturating_mul(1000)
    }
}

/// SplitMix64: small, the same on every machine, not secret.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_advance_when_told_and_when_read() {
        let world = Deterministic::new(1);
        let monotonic = |world: &Deterministic| HostMonotonicClock::now(world);
        assert_eq!(monotonic(&world), 1_000_000);
        assert_eq!((0..10).map(|_| monotonic(&world)).max(), Some(2_000_000), "ten readings take a millisecond");
        world.advance_to(40_000);
        assert_eq!(monotonic(&world), 41_000_000);
        world.advance_to(20_000);
        assert_eq!(monotonic(&world), 41_000_000, "they never go back");
        assert_eq!(HostWallClock::now(&world), Duration::from_millis(EPOCH * 1000 + 40));
    }

    #[test]
    fn random_numbers_depend_on_seed_and_purpose() {
        let three = |seed, purpose| {
            let mut random = Deterministic::new(seed).random(purpose);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(three(1, 1), three(1, 1));
        assert_ne!(three(1, 1), three(2, 1));
        assert_ne!(three(1, 1), three(1, 2));
    }
}

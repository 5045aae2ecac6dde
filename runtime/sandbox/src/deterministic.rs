//! A world in which a handler does the same thing each time: its clocks and its chance are not those of the machine.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rand::TryRng;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// What a look at a clock takes, µs: whoever waits for a time by looking at the clock sees it come.
const LOOK: u64 = 100;
/// What the wall clock shows at the beginning, s since 1970: 1 January 2000.
const BEGIN: u64 = 946_684_800;
/// What clocks are rounded to, µs, as those of the machine are.
const COARSE: u64 = 1000;

/// Clocks that stand still but for what they are told, and chance from a seed. Clones are the same world.
///
/// A guest that sleeps does so by the machine's clock, and this one does not see it.
#[derive(Clone, Debug)]
pub struct Deterministic {
    seed: u64,
    /// Since the beginning, µs.
    now: Arc<AtomicU64>,
}

impl Deterministic {
    /// A world at its beginning.
    pub fn new(seed: u64) -> Self {
        Self { seed, now: Arc::default() }
    }

    /// It is `us` µs after the beginning, or later.
    pub fn advance_to(&self, us: u64) {
        self.now.fetch_max(us, Relaxed);
    }

    /// What a guest sees that looks at the clock, µs since the beginning.
    fn look(&self) -> u64 {
        let now = self.now.fetch_add(LOOK, Relaxed);
        now - now % COARSE
    }

    /// Chance of its own for each purpose.
    pub(crate) fn chance(&self, purpose: u64) -> Chance {
        Chance(self.seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

impl HostWallClock for Deterministic {
    fn resolution(&self) -> Duration {
        Duration::from_micros(COARSE)
    }

    fn now(&self) -> Duration {
        Duration::from_secs(BEGIN).saturating_add(Duration::from_micros(self.look()))
    }
}

impl HostMonotonicClock for Deterministic {
    fn resolution(&self) -> u64 {
        COARSE * 1000
    }

    fn now(&self) -> u64 {
        // Never zero, which Go's runtime takes for a clock that is broken.
        self.look().saturating_add(COARSE).saturating_mul(1000)
    }
}

/// SplitMix64: small, the same everywhere, and no secret.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl TryRng for Chance {
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
    fn clocks_go_by_what_they_are_told_and_by_looks() {
        let world = Deterministic::new(1);
        let monotonic = |world: &Deterministic| HostMonotonicClock::now(world);
        assert_eq!(monotonic(&world), 1_000_000);
        assert_eq!((0..10).map(|_| monotonic(&world)).max(), Some(2_000_000), "ten looks take a millisecond");
        world.advance_to(40_000);
        assert_eq!(monotonic(&world), 41_000_000);
        world.advance_to(20_000);
        assert_eq!(monotonic(&world), 41_000_000, "they never go back");
        assert_eq!(HostWallClock::now(&world), Duration::from_millis(BEGIN * 1000 + 40));
    }

    #[test]
    fn chance_is_the_same_for_a_seed_and_a_purpose() {
        let three = |seed, purpose| {
            let mut chance = Deterministic::new(seed).chance(purpose);
            [chance.next(), chance.next(), chance.next()]
        };
        assert_eq!(three(1, 1), three(1, 1));
        assert_ne!(three(1, 1), three(2, 1));
        assert_ne!(three(1, 1), three(1, 2));
    }
}

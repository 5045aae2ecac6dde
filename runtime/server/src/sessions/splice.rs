//! Continues the times of pictures over a change of sessions.

use std::time::Instant;

/// Ticks of the RTP clock of video in a millisecond (RFC 3551 section 5).
const PER_MS: u128 = 90;

/// Makes one line of RTP timestamps out of those of sessions that follow each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Splice {
    offset: u32,
    last: Option<(u32, Instant)>,
    is_cut: bool,
}

impl Splice {
    /// The next frame is another session's.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// The timestamp that a frame gets which came `at`.
    pub fn map(&mut self, at: Instant, timestamp: u32) -> u32 {
        if self.is_cut
            && let Some((last, then)) = self.last
        {
            // As much later as it came later, by a millisecond at least.
            let passed = (at.saturating_duration_since(then).as_millis() * PER_MS).max(PER_MS) as u32;
            self.offset = last.wrapping_add(passed).wrapping_sub(timestamp);
        }
        self.is_cut = false;
        let mapped = timestamp.wrapping_add(self.offset);
        self.last = Some((mapped, at));
        mapped
    }

    /// The timestamp that the session gave to what is sent as `mapped`.
    pub fn unmap(&self, mapped: u32) -> u32 {
        mapped.wrapping_sub(self.offset)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_go_on_over_a_change_of_sessions() {
        let now = Instant::now();
        let at = |ms: u64| now + Duration::from_millis(ms);
        let mut splice = Splice::default();
        splice.cut();
        assert_eq!([splice.map(at(0), 1000), splice.map(at(33), 4000)], [1000, 4000], "the first is taken as it is");
        splice.cut();
        assert_eq!(splice.map(at(133), 7), 4000 + 100 * 90);
        assert_eq!(splice.map(at(166), 3007), 16_000);
        assert_eq!(splice.unmap(16_000), 3007);
        splice.cut();
        assert_eq!(splice.map(at(166), u32::MAX), 16_090, "also at the same moment");
    }
}

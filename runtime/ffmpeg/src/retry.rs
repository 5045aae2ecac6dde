//! When a source that broke is taken up again. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

/// The first pauses, ms: what broke by accident is back at once.
const FIRST: [u64; 4] = [100, 250, 500, 1000];
/// For how long a pause is no longer than the last of these: a source is back within two seconds of its return.
const QUICK: Duration = Duration::from_secs(15 * 60);
/// Longest pause after that.
const LONGEST: Duration = Duration::from_secs(10);
/// Pauses where somebody has to do something first: double from here to there.
const LASTING: Duration = Duration::from_secs(5);
const LONGEST_LASTING: Duration = Duration::from_secs(60);
/// A source that gave pictures for so long has recovered.
const RECOVERED: Duration = Duration::from_secs(10);

/// Counts failures in a row.
#[derive(Clone, Debug, Default)]
pub struct Retry {
    failures: u32,
    /// When the first of them was.
    since: Option<Instant>,
}

impl Retry {
    /// The source broke at `now` after it gave pictures for so long. `is_lasting`: see
    /// [`Failure::is_lasting`](crate::Failure::is_lasting). Returns the pause before it is taken up again.
    pub fn broke(&mut self, now: Instant, gave: Duration, is_lasting: bool) -> Duration {
        if gave >= RECOVERED {
            *self = Self::default();
        }
        let since = *self.since.get_or_insert(now);
        let before = self.failures;
        self.failures = before.saturating_add(1);
        if is_lasting {
            return LASTING.saturating_mul(1 << before.min(6)).min(LONGEST_LASTING);
        }
        let failing = now.saturating_duration_since(since);
        match FIRST.get(before as usize) {
            Some(ms) => Duration::from_millis(*ms),
            None if failing < QUICK => Duration::from_millis(FIRST[FIRST.len() - 1]),
            // As a share of the time for which it has been gone.
            None => (failing / 200).min(LONGEST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_short_for_a_quarter_of_an_hour() {
        let begin = Instant::now();
        let (mut retry, mut now) = (Retry::default(), begin);
        let mut pauses = Vec::new();
        while now < begin + 4 * QUICK {
            let pause = retry.broke(now, Duration::ZERO, false);
            pauses.push((now - begin, pause));
            now += pause;
        }
        let first: Vec<_> = pauses[..7].iter().map(|(_, pause)| pause.as_millis()).collect();
        assert_eq!(first, [100, 250, 500, 1000, 1000, 1000, 1000]);
        assert!(pauses.is_sorted_by_key(|(_, pause)| *pause), "they never shrink");
        assert!(pauses.iter().all(|(at, pause)| *at >= QUICK || *pause <= Duration::from_secs(1)));
        assert_eq!(pauses.last().unwrap().1, LONGEST);
    }

    #[test]
    fn a_source_that_gave_pictures_for_a_while_has_recovered() {
        let now = Instant::now();
        let mut retry = Retry::default();
        let pauses = [0, 1, 2, 30, 9, 10].map(|s| retry.broke(now, Duration::from_secs(s), false).as_millis());
        assert_eq!(pauses, [100, 250, 500, 100, 250, 100]);
    }

    #[test]
    fn what_somebody_has_to_mend_is_not_asked_for_all_the_time() {
        let now = Instant::now();
        let mut retry = Retry::default();
        let pauses = [true; 7].map(|lasting| retry.broke(now, Duration::ZERO, lasting).as_secs());
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60, 60]);
    }
}

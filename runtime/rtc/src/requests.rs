//! When a keyframe is asked for: at once, but not more often than twice a second. Has no clock: `now` comes in.

use std::time::{Duration, Instant};

/// Least time between two requests.
pub const SPACING: Duration = Duration::from_millis(500);

/// Folds many requests into few.
#[derive(Debug, Default)]
pub struct Requests {
    last: Option<Instant>,
    pending: bool,
}

impl Requests {
    /// A keyframe is wanted.
    pub fn want(&mut self) {
        self.pending = true;
    }

    /// Whether to ask now; says so once.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = self.pending && self.last.is_none_or(|last| now >= last + SPACING);
        if due {
            self.pending = false;
            self.last = Some(now);
        }
        due
    }

    /// When [`Self::due`] is worth asking next; `None` when nothing is wanted, or it is due at once.
    pub fn deadline(&self) -> Option<Instant> {
        self.last.filter(|_| self.pending).map(|last| last + SPACING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_folded() {
        let start = Instant::now();
        let mut requests = Requests::default();
        // (at ms, wanted, asked)
        for (at, wanted, asked) in [
            (0, false, false),
            (10, true, true),
            (11, true, false),
            (400, true, false),
            (509, false, false),
            (510, false, true),
            (600, false, false),
            (2000, true, true),
            (2499, true, false),
            (2500, false, true),
        ] {
            if wanted {
                requests.want();
            }
            assert_eq!(requests.due(start + Duration::from_millis(at)), asked, "at {at}");
        }
        assert_eq!(requests.deadline(), None);
    }
}

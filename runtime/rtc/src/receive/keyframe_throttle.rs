//! Folds keyframe requests. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

/// Least time between two requests.
const SPACING: Duration = Duration::from_millis(500);

/// Passes on the first keyframe request at once, and those that follow at most twice a second, many as one.
#[derive(Debug, Default)]
pub struct KeyframeThrottle {
    last: Option<Instant>,
    pending: bool,
}

impl KeyframeThrottle {
    /// Notes a request.
    pub fn request(&mut self) {
        self.pending = true;
    }

    /// Returns whether a request is passed on now; the requests so far are then done.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = self.pending && self.last.is_none_or(|last| now >= last + SPACING);
        if due {
            self.pending = false;
            self.last = Some(now);
        }
        due
    }

    /// When [`Self::due`] has to be called next; `None` when there is no request, or one is due at once.
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
        let mut throttle = KeyframeThrottle::default();
        // (at ms, requested, passed on)
        for (at, requested, passed_on) in [
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
            if requested {
                throttle.request();
            }
            assert_eq!(throttle.due(start + Duration::from_millis(at)), passed_on, "at {at}");
        }
        assert_eq!(throttle.deadline(), None);
        throttle.request();
        assert_eq!(throttle.deadline(), Some(start + Duration::from_millis(3000)));
    }
}

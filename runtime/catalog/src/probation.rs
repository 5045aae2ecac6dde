//! Probation: the first seconds of a version's use, in which repeated failures roll it back.
//!
//! A plain state machine: time is an argument.

use std::time::{Duration, Instant};

/// How long a version is on probation, from its first use.
pub const DURATION: Duration = Duration::from_secs(10);
/// Failed frames within that time that roll a version back.
pub const MAX_FAILURES: u32 = 3;

/// A failure of a version on probation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An instance could not be started; the reason.
    Start(String),
    /// This many frames failed.
    Frames(u32),
}

/// The probation of a version that became active, or the canary.
#[derive(Debug, Default)]
pub struct Probation {
    state: State,
    failures: u32,
    rollback_reason: Option<String>,
}

#[derive(Debug, Default)]
enum State {
    /// The version was active at the start already, has passed, or was rolled back.
    #[default]
    Over,
    /// No session has used the version yet.
    Pending,
    /// The version is on probation until then.
    Until(Instant),
}

impl Probation {
    /// Begins: the version became active, or the canary.
    pub fn begin(&mut self) {
        *self = Self { state: State::Pending, ..Self::default() };
    }

    /// Notes that a session uses the version. Returns whether the version is on probation, so that its failures count.
    pub fn used(&mut self, now: Instant) -> bool {
        if matches!(self.state, State::Pending) {
            self.state = State::Until(now + DURATION);
        }
        self.is_on(now)
    }

    /// Notes a failure. Returns the reason for a rollback, once, when there were too many.
    pub fn fail(&mut self, now: Instant, failure: Failure) -> Option<String> {
        if !self.is_on(now) {
            return None;
        }
        let reason = match failure {
            Failure::Start(reason) => format!("it could not be started: {reason}"),
            Failure::Frames(more) => {
                self.failures = self.failures.saturating_add(more);
                if self.failures < MAX_FAILURES {
                    return None;
                }
                format!("it failed {} times within {} s of its first use", self.failures, DURATION.as_secs())
            }
        };
        self.state = State::Over;
        self.rollback_reason = Some(reason.clone());
        Some(reason)
    }

    /// Why the version was rolled back, if it was.
    pub fn rollback_reason(&self) -> Option<&str> {
        self.rollback_reason.as_deref()
    }

    fn is_on(&self, now: Instant) -> bool {
        matches!(self.state, State::Until(until) if now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probation_lasts_its_time_and_ends_once() {
        let begin = Instant::now();
        let at = |s: u64| begin + Duration::from_secs(s);
        let mut probation = Probation::default();
        assert!(!probation.used(at(0)), "versions that were active at the start are not on probation");
        assert_eq!(probation.fail(at(0), Failure::Start("no".into())), None);
        probation.begin();
        assert_eq!(probation.fail(at(1), Failure::Frames(9)), None, "no session uses it yet");
        assert!(probation.used(at(100)) && probation.used(at(105)));
        assert_eq!(probation.fail(at(106), Failure::Frames(2)), None);
        assert_eq!(
            probation.fail(at(107), Failure::Frames(1)).as_deref(),
            Some("it failed 3 times within 10 s of its first use")
        );
        assert_eq!(probation.fail(at(108), Failure::Frames(1)), None, "the reason is returned once");
        assert!(probation.rollback_reason().is_some());
        probation.begin();
        assert_eq!(probation.rollback_reason(), None);
        assert!(probation.used(at(200)));
        assert!(!probation.used(at(210)), "it has passed");
        assert_eq!(probation.fail(at(211), Failure::Start("no".into())), None);
        probation.begin();
        assert!(probation.used(at(300)));
        assert_eq!(
            probation.fail(at(301), Failure::Start("no".into())).as_deref(),
            Some("it could not be started: no")
        );
    }
}

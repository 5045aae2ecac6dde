//! Probation: the first seconds of a version's use, in which repeated failures roll it back.
//!
//! A viewer chooses what a handler sees, so one session alone decides nothing: failures of several sessions, at least half of
//! those that run the version, roll it back at once. Failures of a single one raise a suspicion, which a *probe* decides: the
//! handler is run with its defaults on the server's own pictures, where no viewer has an influence. A handler that cannot be
//! started, or fails whatever it sees, fails there, too.
//!
//! A plain state machine: time is an argument.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a version is on probation, from its first use.
pub const DURATION: Duration = Duration::from_secs(10);
/// Failed frames within that time that roll a version back.
pub const MAX_FAILURES: u32 = 3;
/// Sessions whose failures are counted one by one, at most.
const MAX_SESSIONS: usize = 64;

/// A failure of a version on probation that the handler itself caused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An instance could not be started; the reason.
    Start(String),
    /// This many frames failed.
    Frames(u32),
}

/// What follows from a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Wait,
    /// The version is to be run on the server's own pictures, and the outcome to be [noted](Probation::probed).
    Probe,
    /// The version is to be rolled back, for this reason.
    RollBack(String),
}

/// The probation of a version that became active, or the canary.
#[derive(Debug, Default)]
pub struct Probation {
    state: State,
    /// Failed frames by session.
    failures: BTreeMap<String, u32>,
    /// The suspicion that a probe under way is to decide.
    suspicion: Option<String>,
    /// Failures from which the next probe makes sense.
    next_probe: u32,
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
        *self = Self { state: State::Pending, next_probe: MAX_FAILURES, ..Self::default() };
    }

    /// Notes that a session uses the version. Returns whether the version is on probation, so that its failures count.
    pub fn used(&mut self, now: Instant) -> bool {
        if matches!(self.state, State::Pending) {
            self.state = State::Until(now + DURATION);
        }
        self.is_on(now)
    }

    /// Notes a failure of `session`, while `running` sessions use the version. Returns what follows; a rollback once.
    pub fn fail(&mut self, now: Instant, session: &str, running: usize, failure: Failure) -> Verdict {
        if !self.is_on(now) {
            return Verdict::Wait;
        }
        let (more, start) = match failure {
            Failure::Start(reason) => (MAX_FAILURES, Some(reason)),
            Failure::Frames(more) => (more, None),
        };
        let known = self.failures.len() < MAX_SESSIONS || self.failures.contains_key(session);
        if known {
            let failures = self.failures.entry(session.to_owned()).or_default();
            *failures = failures.saturating_add(more);
        }
        let failures = self.failures.values().fold(0, |sum: u32, failures| sum.saturating_add(*failures));
        if failures < MAX_FAILURES {
            return Verdict::Wait;
        }
        let reason = match start {
            Some(reason) => format!("it could not be started: {reason}"),
            None => format!("it failed {failures} times within {} s of its first use", DURATION.as_secs()),
        };
        let sessions = self.failures.len();
        if sessions >= 2 && sessions * 2 >= running {
            return self.roll_back(reason);
        }
        if self.suspicion.is_some() || failures < self.next_probe {
            return Verdict::Wait;
        }
        self.suspicion = Some(reason);
        Verdict::Probe
    }

    /// Notes the outcome of a probe. Returns the reason for a rollback, once, when it failed.
    pub fn probed(&mut self, failed: bool) -> Option<String> {
        let suspicion = self.suspicion.take()?;
        if failed {
            return match self.roll_back(suspicion) {
                Verdict::RollBack(reason) => Some(reason),
                Verdict::Wait | Verdict::Probe => None,
            };
        }
        // The failures are about what that session's viewer sends; another probe would show the same for now.
        let failures = self.failures.values().fold(0, |sum: u32, failures| sum.saturating_add(*failures));
        self.next_probe = failures.saturating_mul(4);
        None
    }

    /// Why the version was rolled back, if it was.
    pub fn rollback_reason(&self) -> Option<&str> {
        self.rollback_reason.as_deref()
    }

    fn roll_back(&mut self, reason: String) -> Verdict {
        self.state = State::Over;
        self.suspicion = None;
        self.rollback_reason = Some(reason.clone());
        Verdict::RollBack(reason)
    }

    fn is_on(&self, now: Instant) -> bool {
        matches!(self.state, State::Until(until) if now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASON: &str = "it failed 3 times within 10 s of its first use";

    fn begun(now: Instant) -> Probation {
        let mut probation = Probation::default();
        probation.begin();
        assert!(probation.used(now));
        probation
    }

    #[test]
    fn probation_lasts_its_time_and_ends_once() {
        let begin = Instant::now();
        let at = |s: u64| begin + Duration::from_secs(s);
        let mut probation = Probation::default();
        assert!(!probation.used(at(0)), "versions that were active at the start are not on probation");
        let start = || Failure::Start("no".into());
        assert_eq!(probation.fail(at(0), "a", 1, start()), Verdict::Wait);
        probation.begin();
        assert_eq!(probation.fail(at(1), "a", 1, Failure::Frames(9)), Verdict::Wait, "no session uses it yet");
        assert!(probation.used(at(100)) && probation.used(at(105)));
        assert_eq!(probation.fail(at(106), "a", 2, Failure::Frames(2)), Verdict::Wait);
        assert_eq!(probation.fail(at(107), "b", 2, Failure::Frames(1)), Verdict::RollBack(REASON.into()));
        assert_eq!(probation.fail(at(108), "b", 2, Failure::Frames(1)), Verdict::Wait, "the reason is returned once");
        assert!(probation.rollback_reason().is_some());
        probation.begin();
        assert_eq!(probation.rollback_reason(), None);
        assert!(probation.used(at(200)));
        assert!(!probation.used(at(210)), "it has passed");
        assert_eq!(probation.fail(at(211), "a", 1, start()), Verdict::Wait);
    }

    #[test]
    fn one_session_alone_decides_nothing() {
        let now = Instant::now();
        let mut probation = begun(now);
        assert_eq!(probation.fail(now, "a", 1, Failure::Frames(2)), Verdict::Wait);
        assert_eq!(probation.fail(now, "a", 1, Failure::Frames(1)), Verdict::Probe);
        assert_eq!(probation.fail(now, "a", 1, Failure::Frames(30)), Verdict::Wait, "a probe is under way");
        assert_eq!(probation.probed(false), None, "it was about that viewer's pictures");
        assert_eq!(probation.probed(true), None, "an outcome that nobody waits for");
        assert_eq!(probation.fail(now, "a", 1, Failure::Frames(30)), Verdict::Wait);
        assert_eq!(probation.fail(now, "a", 1, Failure::Frames(200)), Verdict::Probe, "it may have changed");
        assert!(probation.rollback_reason().is_none());
        let reason = probation.probed(true).unwrap();
        assert_eq!(
            (reason.as_str(), probation.probed(true)),
            ("it failed 263 times within 10 s of its first use", None)
        );
        assert_eq!(probation.rollback_reason(), Some(reason.as_str()));
    }

    #[test]
    fn a_minority_of_many_sessions_decides_nothing() {
        let now = Instant::now();
        let mut probation = begun(now);
        for session in ["a", "b"] {
            assert!(!matches!(probation.fail(now, session, 5, Failure::Frames(3)), Verdict::RollBack(_)));
        }
        assert_eq!(probation.probed(false), None);
        assert!(matches!(probation.fail(now, "c", 5, Failure::Frames(1)), Verdict::RollBack(_)));
    }

    #[test]
    fn a_version_that_cannot_start_goes_back_when_the_probe_or_another_session_says_so() {
        let now = Instant::now();
        let start = || Failure::Start("no".into());
        let mut probation = begun(now);
        assert_eq!(probation.fail(now, "a", 1, start()), Verdict::Probe);
        assert_eq!(probation.probed(true).as_deref(), Some("it could not be started: no"));
        let mut probation = begun(now);
        assert_eq!(probation.fail(now, "a", 2, start()), Verdict::Probe);
        assert_eq!(probation.fail(now, "b", 2, start()), Verdict::RollBack("it could not be started: no".into()));
        assert_eq!(probation.probed(true), None);
    }

    #[test]
    fn the_table_of_sessions_is_bounded() {
        let now = Instant::now();
        let mut probation = begun(now);
        for session in 0..1000 {
            probation.fail(now, &session.to_string(), 100_000, Failure::Frames(1));
        }
        assert_eq!(probation.failures.len(), MAX_SESSIONS);
    }
}

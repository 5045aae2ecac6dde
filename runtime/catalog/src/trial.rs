//! The first seconds in which a version is used: whether it may stay.
//!
//! A plain struct: time comes in as an argument.

use std::time::{Duration, Instant};

/// How long a version is on trial, from its first use on.
pub const LASTS: Duration = Duration::from_secs(10);
/// Faults within that time that are too many.
pub const MOST: u32 = 3;

/// What a version did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It could not be started.
    Start(String),
    /// It failed on so many frames.
    Frames(u32),
}

/// The trial of a version that became the active one, or the canary.
#[derive(Debug, Default)]
pub struct Trial {
    state: State,
    faults: u32,
    verdict: Option<String>,
}

#[derive(Debug, Default)]
enum State {
    /// It was active before anybody looked, or has passed.
    #[default]
    Over,
    /// Nobody has used it yet.
    Awaited,
    Until(Instant),
}

impl Trial {
    /// It became active.
    pub fn begin(&mut self) {
        *self = Self { state: State::Awaited, ..Self::default() };
    }

    /// A session uses it. True: it is on trial, and its faults are wanted.
    pub fn used(&mut self, now: Instant) -> bool {
        if matches!(self.state, State::Awaited) {
            self.state = State::Until(now + LASTS);
        }
        self.is_on(now)
    }

    /// It failed. Some: that was too much; it is said once.
    pub fn fault(&mut self, now: Instant, fault: Fault) -> Option<String> {
        if !self.is_on(now) {
            return None;
        }
        let verdict = match fault {
            Fault::Start(reason) => format!("it could not be started: {reason}"),
            Fault::Frames(more) => {
                self.faults = self.faults.saturating_add(more);
                if self.faults < MOST {
                    return None;
                }
                format!("it failed {} times within {} s of its first use", self.faults, LASTS.as_secs())
            }
        };
        self.state = State::Over;
        self.verdict = Some(verdict.clone());
        Some(verdict)
    }

    /// Why it was taken back.
    pub fn verdict(&self) -> Option<&str> {
        self.verdict.as_deref()
    }

    fn is_on(&self, now: Instant) -> bool {
        matches!(self.state, State::Until(until) if now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_takes_its_time_and_ends_once() {
        let begin = Instant::now();
        let at = |s: u64| begin + Duration::from_secs(s);
        let mut trial = Trial::default();
        assert!(!trial.used(at(0)), "what was there before is not tried");
        assert_eq!(trial.fault(at(0), Fault::Start("no".into())), None);
        trial.begin();
        assert_eq!(trial.fault(at(1), Fault::Frames(9)), None, "nobody uses it yet");
        assert!(trial.used(at(100)) && trial.used(at(105)));
        assert_eq!(trial.fault(at(106), Fault::Frames(2)), None);
        assert_eq!(
            trial.fault(at(107), Fault::Frames(1)).as_deref(),
            Some("it failed 3 times within 10 s of its first use")
        );
        assert_eq!(trial.fault(at(108), Fault::Frames(1)), None, "it is said once");
        assert!(trial.verdict().is_some());
        trial.begin();
        assert_eq!(trial.verdict(), None);
        assert!(trial.used(at(200)));
        assert!(!trial.used(at(210)), "it has passed");
        assert_eq!(trial.fault(at(211), Fault::Start("no".into())), None);
        trial.begin();
        assert!(trial.used(at(300)));
        assert_eq!(trial.fault(at(301), Fault::Start("no".into())).as_deref(), Some("it could not be started: no"));
    }
}

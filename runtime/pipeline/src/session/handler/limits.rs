//! What calls cost, and what is done about it.

use std::time::{Duration, Instant};

use super::Handler;
use crate::budget::degradation::{Change, Step};
use crate::budget::tracker::Spent;
use crate::schedule::skip_reason::SkipReason;
use crate::session::notice::Severity;

impl Handler<'_> {
    /// A call is over: what it used is booked, and held against what the session may use. What encoding used since the last
    /// call is booked with it. Returns the reason if the session is over.
    pub(super) fn settle(&mut self, now: Instant, begin: Instant, typical: bool) -> Option<String> {
        let cpu = self.used.lap();
        let (fuel, encoding) = {
            let mut recorder = self.exchange.recorder();
            (recorder.last_fuel(), recorder.take_encoding_cost())
        };
        let wall = (now - begin).max(encoding.longest);
        let spent = Spent { wall, cpu: cpu + encoding.cpu, fuel };
        let shut = self.version.tracker.called(now, spent, typical);
        self.hold_off(now, shut);
        self.share(now, cpu);
        self.degrade(now)
    }

    /// Reports to the node what this thread and encoding used, and keeps to what the node leaves.
    pub(super) fn share(&mut self, now: Instant, cpu: Duration) {
        if let Some(permit) = &self.setup.permit {
            let cpu = cpu + self.exchange.recorder().take_unreported_cpu();
            let level = permit.report(now, cpu);
            permit.report_memory(now, self.exchange.recorder().codec_and_guest() + self.setup.account.used() as u64);
            let shut = self.version.tracker.shared(now, cpu, level);
            self.hold_off(now, shut);
        }
    }

    pub(super) fn hold_off(&mut self, now: Instant, shut: Option<(Instant, SkipReason)>) {
        let Some((until, reason)) = shut else { return };
        if self.version.closed.is_none_or(|(end, _)| end < until) {
            self.version.closed = shut;
        }
        self.exchange.close(now, until, reason);
    }

    /// Takes the next step of degradation, or takes one back, where it is time. Returns the reason if the session is over.
    pub(super) fn degrade(&mut self, now: Instant) -> Option<String> {
        let state = self.exchange.lock();
        let interval = match &state.frame_clock {
            Some(clock) => clock.interval(),
            None => state.gate.usual_interval(),
        };
        drop(state);
        let Change { level, text, .. } = self.version.tracker.tick(now, interval)?;
        let mut state = self.exchange.lock();
        state.gate.at_least(level.every);
        state.version.level = level;
        drop(state);
        let ends = level.step == Some(Step::End);
        let severity = if ends { Severity::Error } else { Severity::Warning };
        self.notice(severity, if ends { "over-budget" } else { "ladder" }, text.clone(), None);
        let rest = self.version.tracker.resting_until().map(|until| (until, SkipReason::OverBudget));
        self.hold_off(now, rest);
        ends.then_some(text)
    }
}

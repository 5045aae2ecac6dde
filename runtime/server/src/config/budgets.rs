//! `[ladder]` and `[breaker]`: how sessions that cost too much degrade, and when handlers that keep failing pause.

use std::time::Duration;

use anyhow::ensure;
use framebox_pipeline::budget::{breaker, degradation};
use serde::Deserialize;

/// `[ladder]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Degradation {
    /// Steps that may be used: `skip-more`, `smaller`, `lower-rate`, `pass-through`, `end`.
    pub steps: Vec<degradation::Step>,
    /// Largest n for which only every n-th frame is processed.
    pub most_skipped: u32,
    /// Time for which a session may exceed its allowance, s.
    pub up_after_s: u64,
    /// Time for which it has to use less before a step is reverted, s.
    pub down_after_s: u64,
}

impl Default for Degradation {
    fn default() -> Self {
        let usual = degradation::Settings::default();
        Self {
            steps: usual.steps,
            most_skipped: usual.most_skipped,
            up_after_s: usual.up_after.as_secs(),
            down_after_s: usual.down_after.as_secs(),
        }
    }
}

impl Degradation {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=1000).contains(&self.most_skipped), "ladder.most_skipped must be within 1 and 1000");
        for (name, seconds) in [("up_after_s", self.up_after_s), ("down_after_s", self.down_after_s)] {
            ensure!((1..=3600).contains(&seconds), "ladder.{name} must be within 1 and 3600");
        }
        Ok(())
    }

    /// Returns the settings for the pipeline.
    pub fn settings(&self) -> degradation::Settings {
        degradation::Settings {
            steps: self.steps.clone(),
            most_skipped: self.most_skipped,
            up_after: Duration::from_secs(self.up_after_s),
            down_after: Duration::from_secs(self.down_after_s),
            ..degradation::Settings::default()
        }
    }
}

/// `[breaker]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// Faults in a row after which a handler pauses.
    pub faults: u32,
    /// Length of the first pause, ms; each further one is twice as long.
    pub first_rest_ms: u64,
    /// Longest pause, ms.
    pub longest_rest_ms: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        let breaker::Settings { faults, first_rest, longest_rest } = breaker::Settings::default();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { faults, first_rest_ms: ms(first_rest), longest_rest_ms: ms(longest_rest) }
    }
}

impl Breaker {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=1000).contains(&self.faults), "breaker.faults must be within 1 and 1000");
        ensure!(
            (1..=3_600_000).contains(&self.longest_rest_ms),
            "breaker.longest_rest_ms must be within 1 and 3600000"
        );
        ensure!(
            (1..=self.longest_rest_ms).contains(&self.first_rest_ms),
            "breaker.first_rest_ms must be within 1 and breaker.longest_rest_ms"
        );
        Ok(())
    }

    /// Returns the settings for the pipeline.
    pub fn settings(&self) -> breaker::Settings {
        breaker::Settings {
            faults: self.faults,
            first_rest: Duration::from_millis(self.first_rest_ms),
            longest_rest: Duration::from_millis(self.longest_rest_ms),
        }
    }
}

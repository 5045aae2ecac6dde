//! Degrades a session step by step when it costs more than it may use.
//!
//! A plain struct: time and facts come in as arguments. The allowed steps are a row of levels, from no degradation to the end
//! of the session. While the session costs too much at its level, it goes up to the first level at which its cost would fit;
//! when it would fit at a lower level for a while, it goes down. The level of passing through is left from time to time to
//! try the handler again; when that fails again and again, the session ends.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::budget::cost_estimate::Cost;

/// A kind of degradation. The steps are taken in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// 1: the handler gets fewer frames.
    SkipMore,
    /// 2: the handler gets smaller pictures, where its descriptor leaves the size open.
    Smaller,
    /// 3: fewer frames are sent at all.
    LowerRate,
    /// 4: the camera's pictures go out unprocessed.
    PassThrough,
    /// 5: the session ends.
    End,
}

/// Which steps are allowed, and how far they go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Allowed steps. Their order is fixed; repetitions change nothing.
    pub steps: Vec<Step>,
    /// Most frames of which the handler gets one.
    pub most_skipped: u32,
    /// How long the cost has to be too high before the level goes up.
    pub up_after: Duration,
    /// How long it has to fit at a lower level before the level goes down.
    pub down_after: Duration,
    /// How long unprocessed pictures go out before the handler is tried again; doubles with each failed try.
    pub rest: Duration,
    /// Failed tries in a row after which the session ends.
    pub tries: u32,
}

impl Default for Settings {
    /// Steps 1, 4 and 5; every 8th frame; up after 2 s, down after 5 s; 10 s of rest, 3 tries.
    fn default() -> Self {
        Self {
            steps: vec![Step::SkipMore, Step::PassThrough, Step::End],
            most_skipped: 8,
            up_after: Duration::from_secs(2),
            down_after: Duration::from_secs(5),
            rest: Duration::from_secs(10),
            tries: 3,
        }
    }
}

/// What a session may use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Allowance {
    /// Fuel a second.
    pub fuel: Option<u64>,
    /// CPU time of the handler's thread a second, ms.
    pub ms: Option<f64>,
}

/// A level of degradation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DegradationLevel)]
pub struct Level {
    /// The step that was added last; none without degradation.
    pub step: Option<Step>,
    /// The handler gets at most every so-many-th frame.
    pub every: u32,
    /// Sides of the pictures that the handler gets, percent.
    pub sides_percent: u32,
    /// Of what is sent, at most every so-many-th frame.
    pub sent_every: u32,
}

impl Level {
    pub(crate) const NONE: Self = Self { step: None, every: 1, sides_percent: 100, sent_every: 1 };

    /// True when the handler is not called.
    pub fn rests(&self) -> bool {
        matches!(self.step, Some(Step::PassThrough | Step::End))
    }

    fn area(&self) -> f64 {
        f64::from(self.sides_percent * self.sides_percent) / 10_000.0
    }
}

/// The level changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The level that holds.
    pub level: Level,
    /// True towards the end of the session.
    pub up: bool,
    /// An explanation for people.
    pub text: String,
}

/// Decides the level of one session.
#[derive(Debug)]
pub struct Degradation {
    settings: Settings,
    levels: Vec<Level>,
    at: usize,
    over_since: Option<Instant>,
    under_since: Option<Instant>,
    resting_until: Option<Instant>,
    failed_tries: u32,
}

impl Degradation {
    /// Starts without degradation. `scalable`: the handler's descriptor leaves the size of its pictures open.
    pub fn new(settings: Settings, scalable: bool) -> Self {
        let levels = levels(&settings, scalable);
        Self { settings, levels, at: 0, over_since: None, under_since: None, resting_until: None, failed_tries: 0 }
    }

    /// Returns the level that holds.
    pub fn level(&self) -> Level {
        self.levels.get(self.at).copied().unwrap_or(Level::NONE)
    }

    /// Until when the handler is not called, while unprocessed pictures go out.
    pub fn resting_until(&self) -> Option<Instant> {
        self.resting_until
    }

    /// Decides from the cost of a call at the present level, and from the `interval` between frames that the policy lets in.
    /// To be called about once a frame, and while the handler rests.
    pub fn tick(&mut self, now: Instant, cost: Option<Cost>, interval: Duration, may: Allowance) -> Option<Change> {
        if self.level().step == Some(Step::End) {
            return None;
        }
        if let Some(until) = self.resting_until {
            return if now < until { None } else { self.try_again() };
        }
        let cost = cost?;
        let here = self.level();
        let pressure = |level: &Level| pressure(cost, here, level, interval, may);
        if pressure(&here) > 1.0 {
            self.under_since = None;
            let since = *self.over_since.get_or_insert(now);
            if now.saturating_duration_since(since) < self.settings.up_after {
                return None;
            }
            // Up to the first level at which it fits; the last ones always fit.
            let to = (self.at + 1..self.levels.len()).find(|level| pressure(&self.levels[*level]) <= 0.95)?;
            let times = pressure(&here);
            return Some(self.up(now, to, times));
        }
        self.over_since = None;
        let lower = (0..self.at).find(|level| pressure(&self.levels[*level]) <= 0.8);
        let Some(to) = lower else {
            self.under_since = None;
            return None;
        };
        let since = *self.under_since.get_or_insert(now);
        if now.saturating_duration_since(since) < self.settings.down_after {
            return None;
        }
        self.failed_tries = 0;
        Some(self.go(to, false, None))
    }

    fn up(&mut self, now: Instant, mut to: usize, times: f64) -> Change {
        if self.levels[to].step == Some(Step::PassThrough) {
            let ends = self.levels.last().is_some_and(|level| level.step == Some(Step::End));
            if ends && self.failed_tries >= self.settings.tries {
                to = self.levels.len() - 1;
            } else {
                let rest = self.settings.rest.saturating_mul(2u32.saturating_pow(self.failed_tries));
                self.resting_until = Some(now + rest.min(Duration::from_secs(3600)));
                self.failed_tries = self.failed_tries.saturating_add(1);
            }
        }
        self.go(to, true, Some(times))
    }

    /// Leaves the level of passing through for the one below it.
    fn try_again(&mut self) -> Option<Change> {
        self.resting_until = None;
        let to = self.at.checked_sub(1)?;
        Some(self.go(to, false, None))
    }

    fn go(&mut self, to: usize, up: bool, times: Option<f64>) -> Change {
        (self.at, self.over_since, self.under_since) = (to, None, None);
        let level = self.level();
        let why = match times {
            Some(times) => format!("the handler costs {times:.1} times what it may use"),
            None if self.failed_tries > 0 => "the handler is tried again".to_owned(),
            None => "the handler costs less".to_owned(),
        };
        Change { level, up, text: format!("{why}: {}", words(&level)) }
    }
}

fn words(level: &Level) -> String {
    let every = |k: u32| if k == 1 { "every frame".to_owned() } else { format!("at most one frame in {k}") };
    match level.step {
        None => "it gets what the policy lets through".to_owned(),
        Some(Step::SkipMore) => format!("it gets {}", every(level.every)),
        Some(Step::Smaller) => format!("it gets pictures of {} % of the width and height", level.sides_percent),
        Some(Step::LowerRate) => format!("{} is sent", every(level.sent_every)),
        Some(Step::PassThrough) => "it rests for a while, and the camera's pictures go out unprocessed".to_owned(),
        Some(Step::End) => "the session ends".to_owned(),
    }
}

/// Cost at the level `there` as a multiple of what the session may use, given the cost of a call at the level `here`.
fn pressure(cost: Cost, here: Level, there: &Level, interval: Duration, may: Allowance) -> f64 {
    if there.rests() {
        return 0.0;
    }
    let shrink = there.area() / here.area();
    let (wall_ms, cpu_ms, fuel) = (cost.wall_ms * shrink, cost.cpu_ms * shrink, cost.fuel * shrink);
    let every = f64::from(there.every.max(there.sent_every));
    // No more calls than frames, and no more than fit one after the other.
    let calls = 1e3 / (interval.as_secs_f64() * 1e3 * every).max(wall_ms).max(0.1);
    let of_fuel = may.fuel.map_or(0.0, |may| calls * fuel / may.max(1) as f64);
    let of_time = may.ms.map_or(0.0, |may| calls * cpu_ms / may.max(0.001));
    of_fuel.max(of_time)
}

fn levels(settings: &Settings, scalable: bool) -> Vec<Level> {
    let mut levels = vec![Level::NONE];
    let mut level = Level::NONE;
    let allowed = |step| settings.steps.contains(&step);
    if allowed(Step::SkipMore) {
        for every in [2, 3, 4, 6, 8, 12, 16, 24, 32].into_iter().filter(|every| *every <= settings.most_skipped) {
            level = Level { step: Some(Step::SkipMore), every, ..level };
            levels.push(level);
        }
    }
    if allowed(Step::Smaller) && scalable {
        for sides_percent in [75, 50, 25] {
            level = Level { step: Some(Step::Smaller), sides_percent, ..level };
            levels.push(level);
        }
    }
    if allowed(Step::LowerRate) {
        for _ in 0..2 {
            let every = level.every * 2;
            level = Level { step: Some(Step::LowerRate), sent_every: every, every, ..level };
            levels.push(level);
        }
    }
    levels.extend(
        [Step::PassThrough, Step::End]
            .into_iter()
            .filter(|step| allowed(*step))
            .map(|step| Level { step: Some(step), ..level }),
    );
    levels
}

#[cfg(test)]
mod tests;

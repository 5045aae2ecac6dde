//! What came of a run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use framebox_sandbox::{CallError, Cost};

use crate::figures::Spread;
use crate::text::micros;
use crate::text::{bytes, count, ms, printable, time};

/// Frames whose fuel and time are kept for the figures.
const MOST: usize = 1_000_000;

/// What came of a run so far.
#[derive(Debug)]
pub(super) struct Summary {
    begin: Instant,
    calls: u64,
    spent: Duration,
    fuels: Vec<u64>,
    times: Vec<u64>,
    peak: usize,
    failures: BTreeMap<&'static str, u64>,
    first_failure: Option<String>,
    /// Frames for which there was a picture.
    pub(super) pictures: u64,
    /// Fresh instances that took over.
    pub(super) restarts: u64,
    /// The stream was over by the handler's own account.
    pub(super) finished: Option<String>,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            begin: Instant::now(),
            calls: 0,
            spent: Duration::ZERO,
            fuels: Vec::new(),
            times: Vec::new(),
            peak: 0,
            failures: BTreeMap::new(),
            first_failure: None,
            pictures: 0,
            restarts: 0,
            finished: None,
        }
    }
}

impl Summary {
    /// A call is over.
    pub(super) fn called(&mut self, cost: &Cost, memory: usize) {
        self.calls += 1;
        self.spent += cost.time;
        self.peak = self.peak.max(memory);
        if self.fuels.len() < MOST {
            self.fuels.push(cost.fuel);
            self.times.push(micros(cost.time));
        }
    }

    /// It failed.
    pub(super) fn failed(&mut self, failure: &CallError) {
        *self.failures.entry(failure.code()).or_default() += 1;
        self.first_failure.get_or_insert_with(|| printable(&failure.to_string()));
    }

    /// For people.
    pub(super) fn text(&self, written: Option<&Path>) -> String {
        let (fuel, times) = (Spread::of(self.fuels.iter().copied()), Spread::of(self.times.iter().copied()));
        let took = self.begin.elapsed();
        let fps = self.calls as f64 / took.as_secs_f64().max(1e-6);
        let mut lines = vec![
            format!(
                "{} frames in {} ({fps:.1} frames/s), {} of it in the handler",
                self.calls,
                time(took),
                time(self.spent)
            ),
            format!(
                "a frame: {} fuel (p95 {}), {} ms (p95 {})",
                count(fuel.p50),
                count(fuel.p95),
                ms(times.p50),
                ms(times.p95)
            ),
            format!("memory: at most {}", bytes(self.peak)),
        ];
        if let Some(path) = written {
            lines.push(format!("{} pictures in {}", self.pictures, path.display()));
        }
        if let Some(reason) = &self.finished {
            lines.push(format!("the handler ended the stream: {}", printable(reason)));
        }
        if self.restarts > 0 {
            lines.push(format!("fresh instances that took over: {}", self.restarts));
        }
        if let Some(first) = &self.first_failure {
            let codes: Vec<_> = self.failures.iter().map(|(code, count)| format!("{code} {count}")).collect();
            lines.push(format!("failed frames: {}; the first: {first}", codes.join(", ")));
        }
        lines.join("\n")
    }
}

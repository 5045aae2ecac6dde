//! The summary that is printed after a run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use framebox_sandbox::{CallError, Cost};

use crate::statistics::Percentiles;
use crate::text::{bytes, count, micros, ms, printable, time};

/// Number of frames whose fuel and time are kept for the percentiles.
const MAX_SAMPLES: usize = 1_000_000;

/// Statistics of a run so far.
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
    /// Frames for which the handler showed a picture.
    pub(super) pictures: u64,
    /// Restarts of the handler.
    pub(super) restarts: u64,
    /// The reason with which the handler ended the stream, if it did.
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
    /// Counts a call.
    pub(super) fn count_call(&mut self, cost: &Cost, memory: usize) {
        self.calls += 1;
        self.spent += cost.time;
        self.peak = self.peak.max(memory);
        if self.fuels.len() < MAX_SAMPLES {
            self.fuels.push(cost.fuel);
            self.times.push(micros(cost.time));
        }
    }

    /// Counts a failed call.
    pub(super) fn count_failure(&mut self, error: &CallError) {
        *self.failures.entry(error.code()).or_default() += 1;
        self.first_failure.get_or_insert_with(|| printable(&error.to_string()));
    }

    /// Formats the summary; `written` is the path of the output.
    pub(super) fn text(&self, written: Option<&Path>) -> String {
        let (fuel, times) = (Percentiles::of(self.fuels.iter().copied()), Percentiles::of(self.times.iter().copied()));
        let elapsed = self.begin.elapsed();
        let fps = self.calls as f64 / elapsed.as_secs_f64().max(1e-6);
        let mut lines = vec![
            format!(
                "{} frames in {} ({fps:.1} frames/s), of which the handler took {}",
                self.calls,
                time(elapsed),
                time(self.spent)
            ),
            format!(
                "per frame, median: {} fuel (p95 {}), {} ms (p95 {})",
                count(fuel.p50),
                count(fuel.p95),
                ms(times.p50),
                ms(times.p95)
            ),
            format!("peak memory: {}", bytes(self.peak)),
        ];
        if let Some(path) = written {
            lines.push(format!("{} pictures written to {}", self.pictures, path.display()));
        }
        if let Some(reason) = &self.finished {
            lines.push(format!("the handler ended the stream: {}", printable(reason)));
        }
        if self.restarts > 0 {
            lines.push(format!("restarts of the handler: {}", self.restarts));
        }
        if let Some(first) = &self.first_failure {
            let codes: Vec<_> = self.failures.iter().map(|(code, count)| format!("{code} {count}")).collect();
            lines.push(format!("failed frames: {}; first error: {first}", codes.join(", ")));
        }
        lines.join("\n")
    }
}

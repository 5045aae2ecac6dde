//! How figures are taken and printed.

use std::time::{Duration, Instant};

/// Measures the time of `work`.
pub fn time(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// Returns the median.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Prints a figure and whether its goal is met.
pub fn print(what: &str, value: f64, unit: &str, goal: Goal) {
    let (sign, limit, met) = match goal {
        Goal::AtMost(limit) => ("≤", limit, value <= limit),
        Goal::AtLeast(limit) => ("≥", limit, value >= limit),
    };
    println!("{what:<72} {value:>9.3} {unit:<5} goal {sign} {limit} {}", if met { "met" } else { "MISSED" });
}

/// The goal of a figure.
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

/// Milliseconds.
pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

//! The figures of the README, each as a ratio to a reference measured in the same run.
//!
//! `cargo bench` prints them all; `cargo bench -- stages`, `-- languages`, `-- deadlines`, `-- metering`, `-- sessions`,
//! `-- isolation`, `-- budgets` or `-- swaps` only some. `-- soak` and `-- slow` take ten minutes and more and are not part of the rest.

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "benchmarks sleep and start tasks")]

mod deadlines;
mod figure;
mod film;
mod isolation;
mod languages;
mod metering;
mod sessions;
mod slow;
mod stages;
mod swaps;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let runs = |name: &str| {
        wanted.iter().any(|wanted| wanted == name) || wanted.is_empty() && !["soak", "slow"].contains(&name)
    };
    if runs("stages") {
        stages::run();
    }
    if runs("languages") {
        languages::run();
    }
    if runs("deadlines") {
        deadlines::run();
    }
    if runs("metering") {
        metering::run();
    }
    if runs("sessions") {
        sessions::run();
    }
    if runs("isolation") {
        isolation::run();
    }
    if runs("budgets") {
        slow::budgets();
    }
    if runs("swaps") {
        swaps::run();
    }
    if runs("slow") {
        slow::ten_minutes();
    }
    if runs("soak") {
        sessions::soak();
    }
}

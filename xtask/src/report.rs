//! How long each step took.

use std::time::Duration;

/// The steps that ran and those that were skipped.
#[derive(Default)]
pub struct Report(Vec<(String, String)>);

impl Report {
    /// Notes the time of a step, and whether it ran beside others.
    pub fn ran(&mut self, name: &str, took: Duration, beside: bool) {
        let note = if beside { " (beside)" } else { "" };
        self.0.push((clock(took), format!("{name}{note}")));
    }

    /// Notes that a step was skipped for lack of a tool.
    pub fn skipped(&mut self, name: &str, tool: &str) {
        self.0.push(("skipped".into(), format!("{name}: there is no {tool}")));
    }

    /// Prints a line for each step, and the sum.
    pub fn print(&self, total: Duration, succeeded: bool) {
        println!("\n min:s   step");
        for (took, name) in &self.0 {
            println!("{took:>7}  {name}");
        }
        println!("{:>7}  in all: {}", clock(total), if succeeded { "passed" } else { "failed" });
    }
}

/// Minutes and seconds.
pub fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

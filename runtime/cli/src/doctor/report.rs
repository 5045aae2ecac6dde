//! What was found.

use std::fmt::Display;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It works.
    Ok,
    /// It works, or cannot be tried, and something may be better.
    Advice,
    /// It does not work.
    Broken,
}

/// Prints what is found, as it is found.
#[derive(Debug, Default)]
pub struct Report {
    broken: usize,
}

impl Report {
    /// Prints that something works.
    pub fn ok(&mut self, what: &str, found: impl Display) {
        self.add(Outcome::Ok, what, found);
    }

    /// Prints what may be better.
    pub fn advice(&mut self, what: &str, found: impl Display) {
        self.add(Outcome::Advice, what, found);
    }

    /// Prints what does not work, and what to do.
    pub fn broken(&mut self, what: &str, found: impl Display) {
        self.add(Outcome::Broken, what, found);
    }

    /// Prints how something is.
    pub fn add(&mut self, outcome: Outcome, what: &str, found: impl Display) {
        let word = match outcome {
            Outcome::Ok => "ok    ",
            Outcome::Advice => "advice",
            Outcome::Broken => "BROKEN",
        };
        self.broken += usize::from(outcome == Outcome::Broken);
        // A line each, whatever there is to say.
        let found = found.to_string();
        let lines: Vec<_> = found.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        println!("{word}  {what}: {}", lines.join(" "));
    }

    /// Returns how much does not work.
    pub fn broken_count(&self) -> usize {
        self.broken
    }
}

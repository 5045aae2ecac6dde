//! The progress line of an upload, which is shown on a terminal only.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

/// Width of the bar, columns.
const WIDTH: usize = 30;

/// A line on standard error that is rewritten. It is erased on drop.
#[derive(Debug)]
pub struct Line {
    shown: Option<String>,
    is_on: bool,
}

impl Line {
    /// Creates a line that is shown if `enabled` and standard error is a terminal.
    pub fn new(enabled: bool) -> Self {
        Self { shown: None, is_on: enabled && std::io::stderr().is_terminal() }
    }

    /// Returns whether the line is shown.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Replaces the text of the line.
    pub fn show(&mut self, text: String) {
        if self.is_on && self.shown.as_ref() != Some(&text) {
            // Returns to the start of the line and erases it.
            eprint!("\r\x1b[K{text}");
            let _ = std::io::stderr().flush();
            self.shown = Some(text);
        }
    }

    /// Erases the line.
    pub fn clear(&mut self) {
        if self.shown.take().is_some() {
            eprint!("\r\x1b[K");
            let _ = std::io::stderr().flush();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Formats a progress bar for bytes: `[=====>     ]  45 %  3.1 of 7.0 MiB`.
pub fn bar(done: u64, total: u64) -> String {
    let share = if total == 0 { 1.0 } else { (done as f64 / total as f64).min(1.0) };
    let full = (share * WIDTH as f64) as usize;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let mut text = format!("[{}", "=".repeat(full));
    if full < WIDTH {
        let _ = write!(text, ">{}", " ".repeat(WIDTH - full - 1));
    }
    let _ = write!(text, "] {:3.0} %  {:.1} of {:.1} MiB", share * 100.0, mib(done), mib(total));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_at_the_end() {
        assert_eq!(bar(0, 1 << 20), format!("[>{}]   0 %  0.0 of 1.0 MiB", " ".repeat(29)));
        assert_eq!(bar(1 << 19, 1 << 20), format!("[{}>{}]  50 %  0.5 of 1.0 MiB", "=".repeat(15), " ".repeat(14)));
        for (done, total) in [(7, 7), (8, 7), (0, 0)] {
            assert!(bar(done, total).starts_with(&format!("[{}] 100 %", "=".repeat(30))));
        }
    }
}

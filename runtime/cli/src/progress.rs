//! The bar of an upload, on a terminal only.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

const WIDTH: usize = 30;

/// A line that is written over and over, on standard error.
#[derive(Debug)]
pub struct Line {
    shown: Option<String>,
    is_on: bool,
}

impl Line {
    /// One that is shown when standard error is a terminal and `wanted`.
    pub fn new(wanted: bool) -> Self {
        Self { shown: None, is_on: wanted && std::io::stderr().is_terminal() }
    }

    /// True if somebody sees it.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Shows that.
    pub fn show(&mut self, text: String) {
        if self.is_on && self.shown.as_ref() != Some(&text) {
            // To the line's begin, and what was there is erased.
            eprint!("\r\x1b[K{text}");
            let _ = std::io::stderr().flush();
            self.shown = Some(text);
        }
    }

    /// Takes the line away.
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

/// `[=====>     ] 45 %  3.1 of 7.0 MiB`
pub fn bar(done: u64, all: u64) -> String {
    let share = if all == 0 { 1.0 } else { (done as f64 / all as f64).min(1.0) };
    let full = (share * WIDTH as f64) as usize;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let mut text = format!("[{}", "=".repeat(full));
    if full < WIDTH {
        let _ = write!(text, ">{}", " ".repeat(WIDTH - full - 1));
    }
    let _ = write!(text, "] {:3.0} %  {:.1} of {:.1} MiB", share * 100.0, mib(done), mib(all));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_up() {
        assert_eq!(bar(0, 1 << 20), format!("[>{}]   0 %  0.0 of 1.0 MiB", " ".repeat(29)));
        assert_eq!(bar(1 << 19, 1 << 20), format!("[{}>{}]  50 %  0.5 of 1.0 MiB", "=".repeat(15), " ".repeat(14)));
        for (done, all) in [(7, 7), (8, 7), (0, 0)] {
            assert!(bar(done, all).starts_with(&format!("[{}] 100 %", "=".repeat(30))));
        }
    }
}

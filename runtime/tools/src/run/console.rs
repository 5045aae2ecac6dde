//! Progress and the log of the handler, on standard error.

use std::io::{IsTerminal, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_sandbox::{Level, Log};

/// Width of the progress bar, columns.
const WIDTH: u64 = 30;
/// Time between two updates on a terminal.
const BAR_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two lines elsewhere.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// The standard error of a run.
pub(super) struct Console {
    enabled: bool,
    /// Whether progress is a bar that is rewritten, rather than a line from time to time.
    bar: bool,
    state: Mutex<State>,
}

struct State {
    begin: Instant,
    last: Instant,
    shown: bool,
}

impl Console {
    /// Creates a console that shows progress and log lines if `enabled`. A progress bar is left out if `shares_terminal`, when
    /// standard output is shown on the same terminal.
    pub(super) fn new(enabled: bool, shares_terminal: bool) -> Self {
        let bar = std::io::stderr().is_terminal();
        let now = Instant::now();
        Self {
            enabled: enabled && !(bar && shares_terminal),
            bar,
            state: Mutex::new(State { begin: now, last: now, shown: false }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows that `done` frames of `total` are processed, at most once an interval.
    pub(super) fn progress(&self, done: u64, total: Option<u64>) {
        let mut state = self.state();
        if !self.enabled || state.last.elapsed() < if self.bar { BAR_INTERVAL } else { LINE_INTERVAL } {
            return;
        }
        state.last = Instant::now();
        let text = line(done, total, state.begin.elapsed());
        if self.bar {
            // Returns to the start of the line and erases it.
            eprint!("\r\x1b[K{text}");
            let _ = std::io::stderr().flush();
            state.shown = true;
        } else {
            eprintln!("{text}");
        }
    }

    /// Erases the bar.
    pub(super) fn clear(&self) {
        if std::mem::take(&mut self.state().shown) {
            eprint!("\r\x1b[K");
            let _ = std::io::stderr().flush();
        }
    }

    /// Prints a line that stays, above the bar.
    pub(super) fn print(&self, text: &str) {
        self.clear();
        eprintln!("{text}");
    }
}

impl Log for Console {
    fn line(&self, level: Level, message: &str) {
        if !self.enabled {
            return;
        }
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warning",
            Level::Error => "error",
        };
        self.print(&format!("log, {level}: {message}"));
    }
}

fn line(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let fps = done as f64 / elapsed.as_secs_f64().max(1e-6);
    let Some(total) = total.filter(|total| *total > 0) else { return format!("frame {done}, {fps:.1} frames/s") };
    let full = (done.min(total) * WIDTH / total) as usize;
    let bar: String = "=".repeat(full) + &" ".repeat(WIDTH as usize - full);
    format!("[{bar}] frame {done} of {total}, {fps:.1} frames/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_at_the_end_and_not_longer() {
        let second = Duration::from_secs(1);
        assert_eq!(line(5, None, second), "frame 5, 5.0 frames/s");
        assert!(line(15, Some(30), second).starts_with(&format!(
            "[{}{}] frame 15 of 30",
            "=".repeat(15),
            " ".repeat(15)
        )));
        assert!(line(31, Some(30), second).starts_with(&format!("[{}] frame 31", "=".repeat(30))));
    }
}

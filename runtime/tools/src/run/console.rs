//! Progress and the handler's log, on standard error.

use std::io::{IsTerminal, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_sandbox::{Level, Log};

/// Columns of the bar.
const WIDTH: u64 = 30;
/// Between two looks at it on a terminal, and between two lines elsewhere.
const QUICK: Duration = Duration::from_millis(100);
const SLOW: Duration = Duration::from_secs(5);

/// The standard error of a run.
pub(super) struct Console {
    wanted: bool,
    /// A bar that is written over and over, rather than a line now and then.
    bar: bool,
    state: Mutex<State>,
}

struct State {
    begin: Instant,
    last: Instant,
    shown: bool,
}

impl Console {
    /// One that shows progress where that is `wanted`; a bar only where it is not in the way of `others`.
    pub(super) fn new(wanted: bool, others: bool) -> Self {
        let bar = std::io::stderr().is_terminal();
        let now = Instant::now();
        Self {
            wanted: wanted && !(bar && others),
            bar,
            state: Mutex::new(State { begin: now, last: now, shown: false }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many frames are done.
    pub(super) fn progress(&self, done: u64, all: Option<u64>) {
        let mut state = self.state();
        if !self.wanted || state.last.elapsed() < if self.bar { QUICK } else { SLOW } {
            return;
        }
        state.last = Instant::now();
        let text = line(done, all, state.begin.elapsed());
        if self.bar {
            // To the line's begin, and what was there is erased.
            eprint!("\r\x1b[K{text}");
            let _ = std::io::stderr().flush();
            state.shown = true;
        } else {
            eprintln!("{text}");
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&self) {
        if std::mem::take(&mut self.state().shown) {
            eprint!("\r\x1b[K");
            let _ = std::io::stderr().flush();
        }
    }

    /// Says something that stays.
    pub(super) fn say(&self, text: &str) {
        self.clear();
        eprintln!("{text}");
    }
}

impl Log for Console {
    fn line(&self, level: Level, message: &str) {
        if !self.wanted {
            return;
        }
        let level = match level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warning",
            Level::Error => "error",
        };
        self.say(&format!("log, {level}: {message}"));
    }
}

fn line(done: u64, all: Option<u64>, spent: Duration) -> String {
    let fps = done as f64 / spent.as_secs_f64().max(1e-6);
    let Some(all) = all.filter(|all| *all > 0) else { return format!("frame {done}, {fps:.1} frames/s") };
    let full = (done.min(all) * WIDTH / all) as usize;
    let bar: String = "=".repeat(full) + &" ".repeat(WIDTH as usize - full);
    format!("[{bar}] frame {done} of {all}, {fps:.1} frames/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_up_and_no_further() {
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

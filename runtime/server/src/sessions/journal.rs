//! What a session's handler said: its log, its standard output and its standard error.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use framebox_sandbox::Level;
use serde::Serialize;

/// Lines kept of a session; of more, the oldest go.
const MOST_LINES: usize = 1000;
/// Text kept of a session, bytes.
const MOST_BYTES: usize = 256 * 1024;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Counts the session's lines from 1.
    pub n: u64,
    /// Since the session began, milliseconds.
    pub at_ms: u64,
    /// `debug`, `info`, `warn`, `error`.
    pub level: &'static str,
    /// Without control characters.
    pub message: String,
}

/// Lines of a session, as the API gives them.
#[derive(Debug, Serialize)]
pub struct Excerpt {
    /// In order.
    pub lines: Vec<Line>,
    /// Lines that are not kept any more, of those that were asked for.
    pub dropped: u64,
}

/// Keeps the latest lines.
#[derive(Debug)]
pub struct Journal {
    begin: Instant,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<Line>,
    bytes: usize,
    count: u64,
}

impl Journal {
    /// An empty one of a session that began at `begin`.
    pub fn new(begin: Instant) -> Self {
        Self { begin, kept: Mutex::default() }
    }

    /// Keeps a line; returns it with its number and time.
    pub fn write(&self, now: Instant, level: Level, message: &str) -> Line {
        let mut kept = self.kept();
        kept.count += 1;
        let at_ms = now.saturating_duration_since(self.begin).as_millis() as u64;
        let line = Line { n: kept.count, at_ms, level: name(level), message: message.to_owned() };
        kept.bytes += message.len();
        kept.lines.push_back(line.clone());
        while kept.lines.len() > MOST_LINES || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.lines.pop_front() else { break };
            kept.bytes -= oldest.message.len();
        }
        line
    }

    /// The lines after number `after`.
    pub fn read(&self, after: u64) -> Excerpt {
        let kept = self.kept();
        let lines: Vec<_> = kept.lines.iter().filter(|line| line.n > after).cloned().collect();
        let first_kept = kept.lines.front().map_or(kept.count + 1, |line| line.n);
        Excerpt { lines, dropped: (first_kept - 1).saturating_sub(after) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_lines_are_kept_and_the_others_counted() {
        let begin = Instant::now();
        let journal = Journal::new(begin);
        assert!(journal.read(0).lines.is_empty());
        for i in 0..2500 {
            assert_eq!(journal.write(begin, Level::Info, &format!("line {i}")).n, i + 1);
        }
        let all = journal.read(0);
        assert_eq!((all.lines.len(), all.dropped), (MOST_LINES, 1500));
        assert_eq!((all.lines[0].n, all.lines[0].message.as_str()), (1501, "line 1500"));
        let some = journal.read(2498);
        assert_eq!((some.lines.len(), some.dropped), (2, 0));
        assert_eq!((journal.read(1000).dropped, journal.read(2500).lines.len()), (500, 0));
        assert_eq!(journal.read(u64::MAX).dropped, 0);
    }

    #[test]
    fn long_lines_push_out_more_of_the_old() {
        let journal = Journal::new(Instant::now());
        for _ in 0..100 {
            journal.write(Instant::now(), Level::Error, &"x".repeat(4096));
        }
        let all = journal.read(0);
        assert_eq!((all.lines.len(), all.dropped), (MOST_BYTES / 4096, 100 - MOST_BYTES as u64 / 4096));
    }
}

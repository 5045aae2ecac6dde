//! A session's handler log: what the handler logs and what it writes to standard output and standard error.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use framebox_sandbox::{Charge, Level, MemoryAccount, MemoryLimitError};

use crate::protocol::{LogExcerpt, LogLine};

/// Most lines kept of a session; one more drops the oldest.
const MAX_LINES: usize = 1000;
/// Most text kept of a session, bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Memory of a line beside its text, bytes.
const OVERHEAD: usize = size_of::<LogLine>();

/// Keeps the latest lines of a session.
#[derive(Debug)]
pub struct HandlerLog {
    begin: Instant,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    charge: Charge,
    lines: VecDeque<LogLine>,
    bytes: usize,
    count: u64,
}

impl HandlerLog {
    /// Creates an empty log of a session that began at `begin`. Its lines are charged to `account`; where that has no room,
    /// the oldest are dropped.
    pub fn new(begin: Instant, account: &MemoryAccount) -> Self {
        let kept = Kept { charge: account.nothing(), lines: VecDeque::new(), bytes: 0, count: 0 };
        Self { begin, kept: Mutex::new(kept) }
    }

    /// Keeps a line; returns it with its number and time.
    pub fn write(&self, now: Instant, level: Level, message: &str) -> LogLine {
        let mut kept = self.kept();
        kept.count += 1;
        let at_ms = now.saturating_duration_since(self.begin).as_millis() as u64;
        let line = LogLine { n: kept.count, at_ms, level: level.into(), message: message.to_owned() };
        kept.bytes += message.len();
        kept.lines.push_back(line.clone());
        while kept.lines.len() > MAX_LINES || kept.bytes > MAX_BYTES || kept.charge().is_err() {
            let Some(oldest) = kept.lines.pop_front() else { break };
            kept.bytes -= oldest.message.len();
        }
        line
    }

    /// Returns the lines after number `after`.
    pub fn read(&self, after: u64) -> LogExcerpt {
        let kept = self.kept();
        let lines: Vec<_> = kept.lines.iter().filter(|line| line.n > after).cloned().collect();
        let first_kept = kept.lines.front().map_or(kept.count + 1, |line| line.n);
        LogExcerpt { lines, dropped: (first_kept - 1).saturating_sub(after) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Charges what is kept.
    fn charge(&mut self) -> Result<(), MemoryLimitError> {
        self.charge.resize(self.bytes + self.lines.len() * OVERHEAD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_the_sessions_memory_displace_old_ones() {
        let account = MemoryAccount::new(10 * (100 + OVERHEAD));
        let log = HandlerLog::new(Instant::now(), &account);
        for i in 0..30 {
            log.write(Instant::now(), Level::Info, &format!("{i:0100}"));
        }
        let all = log.read(0);
        assert_eq!((all.lines.len(), all.dropped, all.lines[9].n), (10, 20, 30));
        assert_eq!(account.used(), account.limit());
        let rest = account.charge(0);
        drop((log, rest));
        assert_eq!(account.used(), 0);
    }

    #[test]
    fn the_latest_lines_are_kept_and_the_others_counted() {
        let begin = Instant::now();
        let log = HandlerLog::new(begin, &MemoryAccount::default());
        assert!(log.read(0).lines.is_empty());
        for i in 0..2500 {
            assert_eq!(log.write(begin, Level::Info, &format!("line {i}")).n, i + 1);
        }
        let all = log.read(0);
        assert_eq!((all.lines.len(), all.dropped), (MAX_LINES, 1500));
        assert_eq!((all.lines[0].n, all.lines[0].message.as_str()), (1501, "line 1500"));
        let latest = log.read(2498);
        assert_eq!((latest.lines.len(), latest.dropped), (2, 0));
        assert_eq!((log.read(1000).dropped, log.read(2500).lines.len()), (500, 0));
        assert_eq!(log.read(u64::MAX).dropped, 0);
    }

    #[test]
    fn long_lines_displace_more_old_ones() {
        let log = HandlerLog::new(Instant::now(), &MemoryAccount::default());
        for _ in 0..100 {
            log.write(Instant::now(), Level::Error, &"x".repeat(4096));
        }
        let all = log.read(0);
        assert_eq!((all.lines.len(), all.dropped), (MAX_BYTES / 4096, 100 - MAX_BYTES as u64 / 4096));
    }
}

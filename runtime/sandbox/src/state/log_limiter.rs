//! Limits a handler's log in rate and length, and removes control characters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::limits::Limits;
use crate::log::{Level, Log};

/// Forwards all log output of a guest to a [`Log`], within the limits. Clones share the limits.
#[derive(Clone)]
pub(crate) struct LogLimiter {
    log: Arc<dyn Log>,
    /// Longest line, bytes.
    line_bytes: usize,
    rate: Arc<Mutex<Rate>>,
}

impl LogLimiter {
    pub(crate) fn new(log: Arc<dyn Log>, limits: &Limits) -> Self {
        let rate = Arc::new(Mutex::new(Rate::new(limits.log_lines, limits.log_bytes)));
        Self { log, line_bytes: limits.log_line_bytes, rate }
    }

    /// Returns the length of the longest line, bytes.
    pub(crate) fn line_bytes(&self) -> usize {
        self.line_bytes
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forwards `text` line by line.
    pub(crate) fn write(&self, level: Level, text: &str) {
        for line in text.lines() {
            let bytes = line.len().min(self.line_bytes);
            let decision = self.rate().offer(Instant::now(), bytes);
            match decision {
                // The rest of this text falls into the same second as a rule: checking each line of a long text would
                // only take time.
                Decision::Drop => return,
                Decision::Pass { dropped: 0 } => {}
                Decision::Pass { dropped } => {
                    self.log.line(Level::Warn, &format!("the log exceeded its limit: {dropped} messages were dropped"));
                }
            }
            let line = clean(line, self.line_bytes);
            // A replacement character is longer than the control character that it replaces.
            self.rate().bytes += line.len().saturating_sub(bytes);
            self.log.line(level, &line);
        }
    }
}

/// Returns a line without control characters, which could command a terminal, truncated to `max_bytes` bytes.
fn clean(line: &str, max_bytes: usize) -> String {
    let mut clean = String::new();
    for c in line.chars() {
        let c = if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
        if clean.len() + c.len_utf8() > max_bytes {
            clean.push('…');
            break;
        }
        clean.push(c);
    }
    clean
}

/// Limits lines and bytes per second.
struct Rate {
    max_lines: u32,
    max_bytes: usize,
    since: Option<Instant>,
    lines: u32,
    bytes: usize,
    dropped: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// Forward the line. `dropped` lines were dropped since the previous one that passed.
    Pass {
        dropped: u64,
    },
    Drop,
}

impl Rate {
    fn new(max_lines: u32, max_bytes: usize) -> Self {
        Self { max_lines, max_bytes, since: None, lines: 0, bytes: 0, dropped: 0 }
    }

    fn offer(&mut self, now: Instant, bytes: usize) -> Decision {
        let over = self.since.is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1));
        if over {
            self.since = Some(now);
            self.lines = 0;
            self.bytes = 0;
        }
        let sum = self.bytes.saturating_add(bytes);
        if self.lines >= self.max_lines || sum > self.max_bytes {
            self.dropped = self.dropped.saturating_add(1);
            return Decision::Drop;
        }
        self.lines += 1;
        self.bytes = sum;
        Decision::Pass { dropped: std::mem::take(&mut self.dropped) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_per_second_are_limited_and_dropped_lines_are_counted() {
        let begin = Instant::now();
        let mut rate = Rate::new(2, 100);
        for (ms, decision) in [
            (0, Decision::Pass { dropped: 0 }),
            (10, Decision::Pass { dropped: 0 }),
            (20, Decision::Drop),
            (999, Decision::Drop),
            (1000, Decision::Pass { dropped: 2 }),
            (1001, Decision::Pass { dropped: 0 }),
            (1002, Decision::Drop),
        ] {
            assert_eq!(rate.offer(begin + Duration::from_millis(ms), 5), decision, "at {ms} ms");
        }
    }

    #[test]
    fn bytes_per_second_are_limited() {
        let begin = Instant::now();
        let mut rate = Rate::new(100, 20);
        for (ms, bytes, decision) in [
            (0, 15, Decision::Pass { dropped: 0 }),
            (1, 6, Decision::Drop),
            (2, 5, Decision::Pass { dropped: 1 }),
            (3, 1, Decision::Drop),
            (1000, 21, Decision::Drop),
            (1001, usize::MAX, Decision::Drop),
            (1002, 20, Decision::Pass { dropped: 3 }),
        ] {
            assert_eq!(rate.offer(begin + Duration::from_millis(ms), bytes), decision, "{bytes} bytes at {ms} ms");
        }
    }

    #[test]
    fn lines_are_truncated_at_a_character_and_have_no_control_characters() {
        assert_eq!(clean("a\u{1b}[31m\tb", 100), "a\u{fffd}[31m\tb");
        assert_eq!(clean("ääää", 5), "ää…");
        assert_eq!(clean("abc", 3), "abc");
    }
}

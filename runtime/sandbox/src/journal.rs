//! A handler's log on its way out: limited in lines and bytes a second and in length, cleaned of control characters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::{Level, Limits, Log};

/// Takes what a guest says by any way and passes it on within the limits. Clones are the same journal.
#[derive(Clone)]
pub(crate) struct Journal {
    log: Arc<dyn Log>,
    line_bytes: usize,
    rate: Arc<Mutex<Rate>>,
}

impl Journal {
    pub(crate) fn new(log: Arc<dyn Log>, limits: &Limits) -> Self {
        let rate = Arc::new(Mutex::new(Rate::new(limits.log_lines, limits.log_bytes)));
        Self { log, line_bytes: limits.log_line_bytes, rate }
    }

    /// Longest line, bytes.
    pub(crate) fn line_bytes(&self) -> usize {
        self.line_bytes
    }

    fn rate(&self) -> MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes `text` on, line by line.
    pub(crate) fn write(&self, level: Level, text: &str) {
        for line in text.lines() {
            let bytes = line.len().min(self.line_bytes);
            let verdict = self.rate().offer(Instant::now(), bytes);
            match verdict {
                // Whatever follows in this text comes within the same second as a rule; looking at each line of
                // a long text would only take time.
                Verdict::Drop => return,
                Verdict::Pass { dropped: 0 } => {}
                Verdict::Pass { dropped } => {
                    self.log.line(Level::Warn, &format!("more was said than is kept: {dropped} messages were dropped"));
                }
            }
            let line = clean(line, self.line_bytes);
            // What takes the place of a control character is longer than it.
            self.rate().bytes += line.len().saturating_sub(bytes);
            self.log.line(level, &line);
        }
    }
}

/// A line without control characters (which could command a terminal), cut to `most` bytes.
fn clean(line: &str, most: usize) -> String {
    let mut clean = String::new();
    for c in line.chars() {
        let c = if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
        if clean.len() + c.len_utf8() > most {
            clean.push('…');
            break;
        }
        clean.push(c);
    }
    clean
}

/// Lets so many lines and so many bytes through a second.
struct Rate {
    most_lines: u32,
    most_bytes: usize,
    since: Option<Instant>,
    lines: u32,
    bytes: usize,
    dropped: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// `dropped` were dropped since the last that passed.
    Pass {
        dropped: u64,
    },
    Drop,
}

impl Rate {
    fn new(most_lines: u32, most_bytes: usize) -> Self {
        Self { most_lines, most_bytes, since: None, lines: 0, bytes: 0, dropped: 0 }
    }

    fn offer(&mut self, now: Instant, bytes: usize) -> Verdict {
        let over = self.since.is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1));
        if over {
            self.since = Some(now);
            self.lines = 0;
            self.bytes = 0;
        }
        let sum = self.bytes.saturating_add(bytes);
        if self.lines >= self.most_lines || sum > self.most_bytes {
            self.dropped = self.dropped.saturating_add(1);
            return Verdict::Drop;
        }
        self.lines += 1;
        self.bytes = sum;
        Verdict::Pass { dropped: std::mem::take(&mut self.dropped) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_takes_so_many_lines_and_the_rest_is_counted() {
        let begin = Instant::now();
        let mut rate = Rate::new(2, 100);
        for (ms, verdict) in [
            (0, Verdict::Pass { dropped: 0 }),
            (10, Verdict::Pass { dropped: 0 }),
            (20, Verdict::Drop),
            (999, Verdict::Drop),
            (1000, Verdict::Pass { dropped: 2 }),
            (1001, Verdict::Pass { dropped: 0 }),
            (1002, Verdict::Drop),
        ] {
            assert_eq!(rate.offer(begin + Duration::from_millis(ms), 5), verdict, "at {ms} ms");
        }
    }

    #[test]
    fn a_second_takes_so_many_bytes() {
        let begin = Instant::now();
        let mut rate = Rate::new(100, 20);
        for (ms, bytes, verdict) in [
            (0, 15, Verdict::Pass { dropped: 0 }),
            (1, 6, Verdict::Drop),
            (2, 5, Verdict::Pass { dropped: 1 }),
            (3, 1, Verdict::Drop),
            (1000, 21, Verdict::Drop),
            (1001, usize::MAX, Verdict::Drop),
            (1002, 20, Verdict::Pass { dropped: 3 }),
        ] {
            assert_eq!(rate.offer(begin + Duration::from_millis(ms), bytes), verdict, "{bytes} bytes at {ms} ms");
        }
    }

    #[test]
    fn lines_are_cut_at_a_character_and_cannot_command_a_terminal() {
        assert_eq!(clean("a\u{1b}[31m\tb", 100), "a\u{fffd}[31m\tb");
        assert_eq!(clean("ääää", 5), "ää…");
        assert_eq!(clean("abc", 3), "abc");
    }
}

//! Lets a queue on the peer's way empty. A sender that follows delay goes on close to what its path carries when that has become less,
//! and the queue from before stays for seconds. For a moment it is told to send much less, by REMB, which is the upper bound of its
//! own estimate (draft-alvestrand-rmcat-remb); and to no more than leaves room for worse times. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

use super::headroom::Headroom;

/// Delay in the queue from which it is to be emptied, and below which it counts as empty.
const FULL: Duration = Duration::from_millis(130);
const EMPTY: Duration = Duration::from_millis(40);
/// Part of what arrives that may be sent meanwhile.
const PART: f64 = 0.6;
/// Longest time of it: what does not go then is no queue.
const LONGEST: Duration = Duration::from_millis(1500);
/// Time between two messages, and messages that end it: one may be lost.
const INTERVAL: Duration = Duration::from_millis(100);
const ENDING: u8 = 3;
/// Time between two messages that keep room free.
const REMINDER: Duration = Duration::from_secs(1);
/// Bounds of what is said, b/s; the upper one is none.
const LEAST: f64 = 150_000.0;
const NONE: f64 = 50_000_000.0;
/// Time over which the rate is measured.
const WINDOW: Duration = Duration::from_millis(300);

/// What is asked of the peer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// What is usual.
    #[default]
    Idle,
    /// To keep to this rate, b/s, since then.
    Relieved { since: Instant, rate: f64 },
    /// What is usual, in so many messages.
    Ending { messages: u8 },
}

/// Watches the queue on the peer's way.
#[derive(Debug, Default)]
pub struct Relief {
    state: State,
    headroom: Headroom,
    /// The queue was empty since it was emptied last.
    armed: bool,
    /// When this window began, and its bytes.
    began: Option<Instant>,
    bytes: usize,
    /// What came in the window before, b/s.
    rate: f64,
    /// When the next message is due.
    next: Option<Instant>,
}

impl Relief {
    /// Notes a packet that came, for how long packets wait in the queue, and how many were lost since the beginning.
    pub fn received(&mut self, now: Instant, bytes: usize, queued: Duration, lost: u64) {
        let ceiling = self.headroom.ceiling();
        self.headroom.received(now, bytes, queued, lost);
        if self.headroom.ceiling() != ceiling && self.state == State::Idle {
            (self.state, self.next) = (State::Ending { messages: ENDING }, Some(now));
        }
        let began = *self.began.get_or_insert(now);
        self.bytes += bytes;
        let elapsed = now.saturating_duration_since(began);
        if elapsed >= WINDOW {
            self.rate = self.bytes as f64 * 8.0 / elapsed.as_secs_f64();
            (self.began, self.bytes) = (Some(now), 0);
        }
        match self.state {
            State::Idle if queued < EMPTY => self.armed = true,
            State::Idle if queued >= FULL && self.armed && self.rate > 0.0 => {
                self.state = State::Relieved { since: now, rate: (self.rate * PART).max(LEAST) };
                (self.armed, self.next) = (false, Some(now));
            }
            State::Relieved { since, .. } if queued < EMPTY || now >= since + LONGEST => {
                (self.state, self.next) = (State::Ending { messages: ENDING }, Some(now));
            }
            _ => {}
        }
    }

    /// The bit rate to ask the peer for now, if it is time, b/s.
    pub fn due(&mut self, now: Instant) -> Option<f32> {
        self.next.filter(|next| now >= *next)?;
        self.next = Some(now + INTERVAL);
        match self.state {
            State::Idle => {
                let ceiling = self.headroom.ceiling();
                self.next = ceiling.map(|_| now + REMINDER);
                ceiling.map(|ceiling| ceiling as f32)
            }
            State::Relieved { since, rate } => {
                if now >= since + LONGEST {
                    self.state = State::Ending { messages: ENDING };
                }
                Some(rate.min(self.usual()) as f32)
            }
            State::Ending { messages } => {
                self.state = match messages {
                    0 | 1 => State::Idle,
                    more => State::Ending { messages: more - 1 },
                };
                Some(self.usual() as f32)
            }
        }
    }

    /// What is asked for when nothing queues, b/s.
    fn usual(&self) -> f64 {
        self.headroom.ceiling().unwrap_or(NONE)
    }

    /// When [`Self::due`] has to be called next.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 1 Mb/s, 10 ms apart, that wait for so many ms; returns when what was said, kb/s.
    fn said(queued: impl Fn(u64) -> u64, length: u64) -> Vec<(u64, u32)> {
        let (start, mut relief) = (Instant::now(), Relief::default());
        let mut said = Vec::new();
        for ms in (0..length).step_by(10) {
            let now = start + Duration::from_millis(ms);
            relief.received(now, 1250, Duration::from_millis(queued(ms)), 0);
            if relief.deadline().is_some_and(|at| at <= now) {
                said.extend(relief.due(now).map(|rate| (ms, (rate / 1000.0) as u32)));
            }
        }
        said
    }

    #[test]
    fn a_queue_is_emptied_and_then_nothing_is_asked_for() {
        let said = said(|ms| if (1000..1350).contains(&ms) { 200 } else { 10 }, 5000);
        let at: Vec<_> = said.iter().map(|(ms, _)| *ms).collect();
        assert_eq!(at, [1000, 1100, 1200, 1300, 1350, 1450, 1550], "{said:?}");
        assert!(said[..4].iter().all(|(_, rate)| (550..700).contains(rate)), "{said:?}");
        assert!(said[4..].iter().all(|(_, rate)| *rate == 50_000), "{said:?}");
    }

    #[test]
    fn a_longer_way_is_no_queue_and_is_left_alone_after_a_while() {
        let said = said(|ms| if ms < 1000 { 10 } else { 200 }, 20_000);
        assert_eq!(said.iter().filter(|(_, rate)| *rate == 50_000).count(), 3, "{said:?}");
        assert!(said.last().unwrap().0 <= 2800, "{said:?}");
        assert_eq!(self::said(|ms| ms % 80, 5000), [], "jitter");
    }
}

//! Decides when a stream's session is needed. `now` is an argument.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Shortest and longest pause before a session that failed is started again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A session that ran for so long was no failure at its start.
const STABLE: Duration = Duration::from_secs(30);

/// When the session of a stream starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StreamStart)]
pub enum Start {
    /// With the server, or as soon as somebody publishes.
    #[default]
    Server,
    /// When the first viewer comes.
    Viewer,
}

/// What a stream's task is to do with its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is to run.
    Running,
    /// It is not needed.
    Stopped,
    /// Nothing is to be done before this time.
    Later(Instant),
}

/// Follows who is there.
#[derive(Clone, Copy, Debug)]
pub struct Presence {
    start: Start,
    idle: Duration,
    /// How long the publisher may be away; `None`: it needs none.
    away: Option<Duration>,
    viewers: usize,
    /// Since when there is nobody who watches.
    unwatched: Instant,
    publisher: bool,
    /// When the last publisher left.
    left: Option<Instant>,
    running: Option<Instant>,
    failures: u32,
    failed: Option<Instant>,
}

impl Presence {
    /// Nobody is there. `away`: how long it outlives its publisher, `None` where it needs none.
    pub fn new(now: Instant, start: Start, idle: Duration, away: Option<Duration>) -> Self {
        Self {
            start,
            idle,
            away,
            viewers: 0,
            unwatched: now,
            publisher: false,
            left: None,
            running: None,
            failures: 0,
            failed: None,
        }
    }

    /// The publisher may be away for so long from now on.
    pub fn set_away(&mut self, away: Duration) {
        self.away = self.away.map(|_| away);
    }

    /// So many watch.
    pub fn viewers(&mut self, now: Instant, viewers: usize) {
        if viewers == 0 && self.viewers > 0 {
            self.unwatched = now;
        }
        self.viewers = viewers;
    }

    /// Whether somebody publishes.
    pub fn publisher(&mut self, now: Instant, there: bool) {
        if self.publisher && !there {
            self.left = Some(now);
        }
        self.publisher = there;
    }

    /// The session was started.
    pub fn started(&mut self, now: Instant) {
        self.running = Some(now);
    }

    /// The session is over, or could not be started; `failed`: not because it was asked to end.
    pub fn ended(&mut self, now: Instant, failed: bool) {
        let stable = self.running.is_some_and(|since| now.saturating_duration_since(since) >= STABLE);
        self.running = None;
        self.failures = if !failed {
            0
        } else if stable {
            1
        } else {
            self.failures.saturating_add(1)
        };
        self.failed = failed.then_some(now);
    }

    /// Whether a publisher was there, and is away.
    pub fn is_awaited(&self) -> bool {
        self.left.is_some() && !self.publisher
    }

    /// Whether the publisher has been away for longer than it may.
    pub fn is_abandoned(&self, now: Instant) -> bool {
        let Some(away) = self.away else { return false };
        !self.publisher && self.left.is_none_or(|left| now.saturating_duration_since(left) >= away)
    }

    /// What is to be done.
    pub fn wanted(&self, now: Instant) -> Wanted {
        let is_running = self.running.is_some();
        if self.is_abandoned(now) {
            return Wanted::Stopped;
        }
        let idle = self.unwatched + self.idle;
        if self.start == Start::Viewer && self.viewers == 0 && (!is_running || now >= idle) {
            return Wanted::Stopped;
        }
        if !is_running && let Some(failed) = self.failed {
            let (shortest, longest) = PAUSES;
            let pause = shortest.saturating_mul(1 << (self.failures - 1).min(10)).min(longest);
            if now < failed + pause {
                return Wanted::Later(failed + pause);
            }
        }
        Wanted::Running
    }

    /// When [`wanted`](Self::wanted) may change by time alone.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let idle = (self.start == Start::Viewer && self.viewers == 0 && self.running.is_some())
            .then(|| self.unwatched + self.idle);
        let away = match (self.away, self.left) {
            (Some(away), Some(left)) if !self.publisher => Some(left + away),
            _ => None,
        };
        let later = match self.wanted(now) {
            Wanted::Later(at) => Some(at),
            _ => None,
        };
        [idle, away, later].into_iter().flatten().filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_stream_of_a_publisher_outlives_it_for_a_while() {
        let now = Instant::now();
        let mut presence = Presence::new(now, Start::Server, 30 * SECOND, Some(10 * SECOND));
        assert_eq!(presence.wanted(now), Wanted::Stopped, "nobody publishes");
        presence.publisher(now, true);
        assert_eq!(presence.wanted(now), Wanted::Running);
        presence.started(now);
        presence.publisher(now + SECOND, false);
        assert_eq!(presence.wanted(now + 10 * SECOND), Wanted::Running);
        assert_eq!(presence.deadline(now + 2 * SECOND), Some(now + 11 * SECOND));
        presence.publisher(now + 10 * SECOND, true);
        assert_eq!(presence.wanted(now + 60 * SECOND), Wanted::Running, "it came back");
        presence.publisher(now + 60 * SECOND, false);
        assert_eq!(presence.wanted(now + 70 * SECOND), Wanted::Stopped);
        assert!(presence.is_abandoned(now + 70 * SECOND));
    }

    #[test]
    fn a_stream_for_its_viewers_starts_with_the_first_and_ends_after_the_last() {
        let now = Instant::now();
        let mut presence = Presence::new(now, Start::Viewer, 5 * SECOND, None);
        assert_eq!((presence.wanted(now), presence.deadline(now)), (Wanted::Stopped, None));
        presence.viewers(now, 1);
        assert_eq!(presence.wanted(now), Wanted::Running);
        presence.started(now);
        presence.viewers(now + SECOND, 0);
        assert_eq!(presence.wanted(now + 2 * SECOND), Wanted::Running);
        assert_eq!(presence.deadline(now + 2 * SECOND), Some(now + 6 * SECOND));
        assert_eq!(presence.wanted(now + 6 * SECOND), Wanted::Stopped);
        presence.ended(now + 6 * SECOND, false);
        presence.viewers(now + 7 * SECOND, 1);
        assert_eq!(presence.wanted(now + 7 * SECOND), Wanted::Running, "at once");
        let always = Presence::new(now, Start::Server, 5 * SECOND, None);
        assert_eq!(always.wanted(now), Wanted::Running);
    }

    #[test]
    fn what_fails_at_its_start_is_tried_again_with_growing_pauses() {
        let mut now = Instant::now();
        let mut presence = Presence::new(now, Start::Server, SECOND, None);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            assert_eq!(presence.wanted(now), Wanted::Running);
            presence.ended(now, true);
            let Wanted::Later(at) = presence.wanted(now) else { panic!("it waits") };
            assert_eq!(presence.deadline(now), Some(at));
            pauses.push((at - now).as_secs());
            now = at;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        presence.started(now);
        presence.ended(now + 60 * SECOND, true);
        assert_eq!(presence.wanted(now + 60 * SECOND), Wanted::Later(now + 61 * SECOND), "it had run for a while");
    }
}

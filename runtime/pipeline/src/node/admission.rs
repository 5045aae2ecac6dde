//! Decides which sessions a node admits: as many as their measured cost allows.
//!
//! A plain struct: time comes in as an argument. Every session reports the CPU time of its threads. The cost of a handler is
//! learned from its sessions and expected of the next one; an unknown handler is expected to have a default cost. A session
//! counts with its expected cost until it has run long enough to be measured.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::budget::fair_share::FairShare;
use crate::node::host_load::Spare;

/// Handlers whose cost is remembered; of more, the one that was seen longest ago is forgotten.
const MOST_HANDLERS: usize = 1024;
/// How long a session counts with its expected cost.
const WARM_UP: Duration = Duration::from_secs(4);
/// Time over which a session's use is measured.
const WINDOW: Duration = Duration::from_secs(1);
/// How often the fair share is computed.
const REVIEW: Duration = Duration::from_millis(250);
/// How long a measure of the host is valid.
const FRESH: Duration = Duration::from_secs(3);
/// Highest cost of a session in all, as a multiple of the CPU time of its threads.
const MOST_OVERHEAD: f64 = 3.0;
/// Sessions that use less than this together, ms a second, do not show that multiple.
const TELLING: f64 = 100.0;
/// Bounds of `Retry-After`.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// The capacity of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// CPU that sessions may use, ms a second: cores × 1000 × their part of it.
    pub capacity_ms: f64,
    /// Expected cost of a session of an unknown handler, ms a second.
    pub unknown_ms: f64,
}

impl Settings {
    /// Settings for a machine with `cores`: nine tenths of them, and a quarter of a core for an unknown handler.
    pub fn for_cores(cores: usize) -> Self {
        Self { capacity_ms: cores.max(1) as f64 * 900.0, unknown_ms: 250.0 }
    }
}

impl Default for Settings {
    /// Settings for this machine.
    fn default() -> Self {
        Self::for_cores(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

/// Whether a session is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The session may begin. Its permit counts until [`Admission::leave`].
    Admit(PermitId),
    /// The node is full.
    Refuse {
        /// When another try makes sense.
        retry_after: Duration,
    },
}

/// Identifies an admitted session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PermitId(u64);

#[cfg(test)]
impl PermitId {
    pub(crate) fn numbered(number: u64) -> Self {
        Self(number)
    }
}

#[derive(Debug)]
struct Session {
    handler: String,
    since: Instant,
    expected_ms: f64,
    window: Instant,
    spent: Duration,
    /// Measured use, ms a second; none before the first window is over.
    used: Option<f64>,
}

impl Session {
    fn at(now: Instant) -> Self {
        let (handler, spent) = (String::new(), Duration::ZERO);
        Self { handler, since: now, expected_ms: 0.0, window: now, spent, used: None }
    }

    /// Its use, ms a second. The last measure counts for less the longer there is no report.
    fn uses(&self, now: Instant) -> Option<f64> {
        let silence = now.saturating_duration_since(self.window).max(WINDOW);
        self.used.map(|used| if silence > WINDOW * 3 { used / silence.as_secs_f64() } else { used })
    }

    fn counts(&self, now: Instant) -> f64 {
        let used = self.uses(now).unwrap_or(0.0);
        if now.saturating_duration_since(self.since) < WARM_UP { used.max(self.expected_ms) } else { used }
    }
}

#[derive(Debug)]
struct Learned {
    ms: f64,
    seen: Instant,
}

/// The load of a node at one moment, ms of CPU a second.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Load {
    /// Measured or expected use of its sessions.
    pub used_ms: f64,
    /// What they may use together.
    pub capacity_ms: f64,
    /// Number of sessions.
    pub sessions: usize,
    /// While there is contention: the most that a session may use within its fair share.
    pub level_ms: Option<f64>,
}

/// Accounts for the sessions of a node.
#[derive(Debug)]
pub struct Admission {
    settings: Settings,
    next: u64,
    sessions: HashMap<PermitId, Session>,
    learned: HashMap<String, Learned>,
    fair_share: FairShare,
    reviewed: Option<Instant>,
    level: Option<f64>,
    /// What the host has left, ms a second, and when that was measured.
    left: Option<(Instant, f64)>,
    /// Cost of a session in all, as a multiple of the CPU time of its threads: the network works for it, too.
    overhead: f64,
}

impl Admission {
    /// An empty node.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            next: 0,
            sessions: HashMap::new(),
            learned: HashMap::new(),
            fair_share: FairShare::default(),
            reviewed: None,
            level: None,
            left: None,
            overhead: 1.0,
        }
    }

    /// Decides whether a session of `handler` (a digest, or a name as unique) may begin. A single one always may.
    pub fn admit(&mut self, now: Instant, handler: &str) -> Answer {
        let expected_ms = self.expected(handler);
        let used: f64 = self.sessions.values().map(|session| session.counts(now)).sum();
        let fits = used + expected_ms <= self.settings.capacity_ms && self.is_left(now, expected_ms);
        if !self.sessions.is_empty() && !fits {
            return Answer::Refuse { retry_after: self.retry_after(now) };
        }
        let permit = PermitId(self.next);
        self.next += 1;
        let session = Session { handler: handler.to_owned(), expected_ms, ..Session::at(now) };
        self.sessions.insert(permit, session);
        Answer::Admit(permit)
    }

    /// True if the host has room for a session that uses `expected_ms`, and for the use that sessions that have just begun do
    /// not show yet.
    fn is_left(&self, now: Instant, expected_ms: f64) -> bool {
        let Some((_, left)) = self.left.filter(|(at, _)| now.saturating_duration_since(*at) <= FRESH) else {
            return true;
        };
        let to_come = |session: &Session| session.counts(now) - session.uses(now).unwrap_or(0.0);
        let to_come: f64 = self.sessions.values().map(to_come).sum();
        (to_come + expected_ms) * self.overhead <= left
    }

    /// Takes a measure of the host.
    pub fn observe(&mut self, now: Instant, spare: Spare) {
        let used: f64 = self.sessions.values().filter_map(|session| session.uses(now)).sum();
        // The threads of sessions have a lower priority, too: other such threads give way to them as they do to others.
        let gives_way = (spare.niced_ms - used).max(0.0);
        self.left = Some((now, spare.left_ms + gives_way));
        if used >= TELLING {
            self.overhead = (spare.process_ms / used).clamp(1.0, MOST_OVERHEAD);
        }
    }

    /// Returns the expected cost of a session of `handler`, ms of CPU a second.
    pub fn expected(&self, handler: &str) -> f64 {
        self.learned.get(handler).map_or(self.settings.unknown_ms, |learned| learned.ms)
    }

    /// A session's threads used `cpu` since the last report. Returns, under contention, its fair share, ms a second: a
    /// session that uses more has to skip.
    pub fn report(&mut self, now: Instant, permit: PermitId, cpu: Duration) -> Option<f64> {
        let session = self.sessions.get_mut(&permit)?;
        session.spent = session.spent.saturating_add(cpu);
        let length = now.saturating_duration_since(session.window);
        if length >= WINDOW {
            let ms = session.spent.as_secs_f64() * 1e3 / length.as_secs_f64();
            session.used = Some(session.used.map_or(ms, |used| (used + ms) / 2.0));
            (session.window, session.spent) = (now, Duration::ZERO);
            let warm = now.saturating_duration_since(session.since) >= WARM_UP;
            let handler = session.handler.clone();
            // Before that, the camera may not even send.
            if warm {
                self.learn(now, handler, ms);
            }
        }
        self.review(now);
        self.level
    }

    /// A session goes on with another handler, whose cost it has not shown yet.
    pub fn handler_changed(&mut self, now: Instant, permit: PermitId, handler: &str) {
        let expected_ms = self.expected(handler);
        let Some(session) = self.sessions.get_mut(&permit) else { return };
        let used = session.uses(now);
        *session = Session { handler: handler.to_owned(), since: now, expected_ms, used, ..Session::at(now) };
    }

    /// A session is over.
    pub fn leave(&mut self, permit: PermitId) {
        self.sessions.remove(&permit);
    }

    /// Returns the node's load.
    pub fn load(&self, now: Instant) -> Load {
        Load {
            used_ms: self.sessions.values().map(|session| session.counts(now)).sum(),
            capacity_ms: self.settings.capacity_ms,
            sessions: self.sessions.len(),
            level_ms: self.level,
        }
    }

    fn learn(&mut self, now: Instant, handler: String, ms: f64) {
        let contended = self.level.is_some();
        if self.learned.len() >= MOST_HANDLERS && !self.learned.contains_key(&handler) {
            let oldest = self.learned.iter().min_by_key(|(_, learned)| learned.seen).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.learned.remove(&name));
        }
        let learned = self.learned.entry(handler).or_insert(Learned { ms, seen: now });
        learned.seen = now;
        // Up fast and down slowly; under contention a session uses less than it would.
        if ms > learned.ms {
            learned.ms += (ms - learned.ms) / 2.0;
        } else if !contended {
            learned.ms += (ms - learned.ms) / 16.0;
        }
    }

    fn review(&mut self, now: Instant) {
        if self.reviewed.is_some_and(|at| now.saturating_duration_since(at) < REVIEW) {
            return;
        }
        self.reviewed = Some(now);
        let uses: Vec<_> = self.sessions.values().filter_map(|session| session.uses(now)).collect();
        self.level = self.fair_share.level(&uses, self.settings.capacity_ms).filter(|level| level.is_finite());
    }

    /// When another try makes sense: as soon as a session that has just begun has shown its use; else after a guess that
    /// grows with the node.
    fn retry_after(&self, now: Instant) -> Duration {
        let warm =
            self.sessions.values().map(|session| WARM_UP.saturating_sub(now.saturating_duration_since(session.since)));
        let soonest = warm.filter(|left| !left.is_zero()).min();
        soonest.unwrap_or(Duration::from_secs(5 + self.sessions.len() as u64)).clamp(RETRY.0, RETRY.1)
    }
}

#[cfg(test)]
mod tests;

//! Decides whether the memory of another session fits on a node.
//!
//! A plain struct: time comes in as an argument. Every session reports what it holds: the handler's linear memory, what is
//! charged to its account, and its decoder. A session counts with what it is expected to hold until it has run for a while,
//! and then with the most that it has held. What is expected of a handler is learned from its sessions.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::node::admission::PermitId;

/// Handlers whose use is remembered; of more, the one that was seen longest ago is forgotten.
const MOST_HANDLERS: usize = 1024;
/// How long a session counts with what is expected of it.
const WARM_UP: Duration = Duration::from_secs(4);
/// What a session may hold beyond the most that was learned, as a part of that.
const MARGIN: f64 = 0.25;

#[derive(Debug)]
struct Session {
    handler: String,
    since: Instant,
    expected: u64,
    /// The most that it reported, bytes.
    peak: u64,
}

impl Session {
    fn counts(&self, now: Instant) -> u64 {
        let warm = now.saturating_duration_since(self.since) >= WARM_UP && self.peak > 0;
        if warm { self.peak } else { self.expected.max(self.peak) }
    }
}

#[derive(Debug)]
struct Learned {
    bytes: u64,
    seen: Instant,
}

/// The memory of a node's sessions.
#[derive(Debug)]
pub struct MemoryBudget {
    /// What sessions may hold together, bytes.
    capacity: u64,
    sessions: HashMap<PermitId, Session>,
    learned: HashMap<String, Learned>,
}

impl MemoryBudget {
    /// No sessions yet, of at most `capacity` bytes together.
    pub fn new(capacity: u64) -> Self {
        Self { capacity, sessions: HashMap::new(), learned: HashMap::new() }
    }

    /// Returns what a session of `handler` is expected to hold, bytes: what was learned, else `unknown`.
    pub fn expected(&self, handler: &str, unknown: u64) -> u64 {
        let with_margin = |learned: &Learned| learned.bytes.saturating_add((learned.bytes as f64 * MARGIN) as u64);
        self.learned.get(handler).map_or(unknown, |learned| with_margin(learned).min(unknown))
    }

    /// Returns whether `expected` more bytes fit. One session always does.
    pub fn fits(&self, now: Instant, expected: u64) -> bool {
        self.sessions.is_empty() || self.used(now).saturating_add(expected) <= self.capacity
    }

    /// Returns what the sessions hold or are expected to hold, bytes.
    pub fn used(&self, now: Instant) -> u64 {
        self.sessions.values().fold(0, |sum, session| sum.saturating_add(session.counts(now)))
    }

    /// A session of `handler` begins.
    pub fn enter(&mut self, now: Instant, permit: PermitId, handler: &str, expected: u64) {
        let handler = handler.to_owned();
        self.sessions.insert(permit, Session { handler, since: now, expected, peak: 0 });
    }

    /// A session holds `bytes`.
    pub fn report(&mut self, now: Instant, permit: PermitId, bytes: u64) {
        let Some(session) = self.sessions.get_mut(&permit) else { return };
        if bytes <= session.peak {
            return;
        }
        session.peak = bytes;
        let handler = session.handler.clone();
        self.learn(now, handler, bytes);
    }

    /// A session goes on with another handler. It keeps counting with what it has held.
    pub fn handler_changed(&mut self, permit: PermitId, handler: &str) {
        if let Some(session) = self.sessions.get_mut(&permit) {
            session.handler = handler.to_owned();
        }
    }

    /// A session is over.
    pub fn leave(&mut self, permit: PermitId) {
        self.sessions.remove(&permit);
    }

    /// Learned use only rises: memory is not taken back once it was promised.
    fn learn(&mut self, now: Instant, handler: String, bytes: u64) {
        if self.learned.len() >= MOST_HANDLERS && !self.learned.contains_key(&handler) {
            let oldest = self.learned.iter().min_by_key(|(_, learned)| learned.seen).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.learned.remove(&name));
        }
        let learned = self.learned.entry(handler).or_insert(Learned { bytes, seen: now });
        *learned = Learned { bytes: learned.bytes.max(bytes), seen: now };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Lets sessions in until one is refused; returns how many.
    fn fill(budget: &mut MemoryBudget, now: Instant, handler: &str, first: u64, unknown: u64) -> u64 {
        (0..1000)
            .take_while(|number| {
                let expected = budget.expected(handler, unknown);
                let fits = budget.fits(now, expected);
                if fits {
                    budget.enter(now, PermitId::numbered(first + number), handler, expected);
                }
                fits
            })
            .count() as u64
    }

    #[test]
    fn sessions_are_let_in_by_their_limits_and_then_by_what_they_hold() {
        let now = Instant::now();
        let mut budget = MemoryBudget::new(1000 * MIB);
        assert_eq!(fill(&mut budget, now, "a", 0, 250 * MIB), 4);
        for number in 0..4 {
            budget.report(now, PermitId::numbered(number), 20 * MIB);
        }
        assert_eq!(fill(&mut budget, now, "a", 10, 250 * MIB), 0, "they may still grow");
        let later = now + WARM_UP;
        assert_eq!(budget.used(later), 80 * MIB);
        assert_eq!(fill(&mut budget, later, "b", 10, 250 * MIB), 3, "of another handler nothing is known");
        (10..13).for_each(|number| budget.leave(PermitId::numbered(number)));
        assert_eq!(fill(&mut budget, later, "a", 10, 250 * MIB), 36, "20 MiB and a quarter");
    }

    #[test]
    fn one_session_always_fits_and_growth_keeps_others_out() {
        let now = Instant::now();
        let mut budget = MemoryBudget::new(100 * MIB);
        assert!(budget.fits(now, u64::MAX));
        budget.enter(now, PermitId::numbered(1), "a", 10 * MIB);
        assert!(budget.fits(now, 90 * MIB) && !budget.fits(now, 91 * MIB));
        budget.report(now, PermitId::numbered(1), 95 * MIB);
        budget.report(now, PermitId::numbered(1), 5 * MIB);
        assert!(!budget.fits(now, 6 * MIB), "the most that it held counts");
        assert_eq!(budget.expected("a", 50 * MIB), 50 * MIB, "no more than its limits allow");
        budget.handler_changed(PermitId::numbered(1), "b");
        budget.report(now, PermitId::numbered(1), 96 * MIB);
        assert_eq!(budget.expected("b", 500 * MIB), 120 * MIB);
        budget.leave(PermitId::numbered(1));
        assert_eq!(budget.used(now), 0);
    }

    #[test]
    fn memory_of_handlers_is_bounded_and_the_oldest_go() {
        let start = Instant::now();
        let mut budget = MemoryBudget::new(100 * MIB);
        for number in 0..2000 {
            let now = start + Duration::from_secs(number);
            let (permit, handler) = (PermitId::numbered(number), format!("h{number}"));
            budget.enter(now, permit, &handler, MIB);
            budget.report(now, permit, MIB);
            budget.leave(permit);
        }
        assert_eq!(budget.learned.len(), MOST_HANDLERS);
        assert_eq!((budget.expected("h0", 9), budget.expected("h1999", 9 * MIB)), (9, MIB + MIB / 4));
    }
}

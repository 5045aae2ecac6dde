//! Decides which frames are processed and which are skipped.
//!
//! A plain struct: time comes in as an argument. Under `latest` and `adaptive` at most one frame waits; it is skipped when the
//! next one comes before the handler took it, unless the handler is about to have time for it (see [`Gate::patience`]). Under
//! `never` frames wait in order in a backlog bounded in frames, bytes and age. The gate holds each frame's data (`T`: its
//! picture, its times) and returns it with the ticket or when the frame is skipped, so that every frame offered comes back
//! exactly once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::schedule::decimation::Decimation;
use crate::schedule::policy::Skipping;
use crate::schedule::skip_reason::SkipReason;

/// Bounds of the backlog under `never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// Frames.
    pub frames: usize,
    /// Pictures of all frames together, bytes. The newest frame waits whatever its size.
    pub bytes: usize,
    /// Age of the oldest frame.
    pub age: Duration,
}

impl Default for Backlog {
    /// A second, 32 frames, 64 MiB.
    fn default() -> Self {
        Self { frames: 32, bytes: 64 * 1024 * 1024, age: Duration::from_secs(1) }
    }
}

/// How late a frame may be that waits for a handler which catches up with it.
const MAX_CATCHING_UP: Duration = Duration::from_millis(300);

/// A frame that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Presentation time.
    pub pts: Duration,
    /// Memory of its picture, bytes.
    pub bytes: usize,
}

/// A frame that the handler takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket<T = ()> {
    /// Counts the frames of the stream from 0.
    pub sequence: u64,
    /// Presentation time.
    pub pts: Duration,
    /// Frames skipped since the previous ticket.
    pub skipped: u32,
    /// How long it waited.
    pub waited: Duration,
    /// Its data.
    pub what: T,
}

impl<T> Ticket<T> {
    /// Splits the ticket from the data.
    pub fn split(self) -> (Ticket, T) {
        let Self { sequence, pts, skipped, waited, what } = self;
        (Ticket { sequence, pts, skipped, waited, what: () }, what)
    }
}

/// A frame that the handler never sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped<T = ()> {
    /// Counts the frames of the stream from 0.
    pub sequence: u64,
    /// Presentation time.
    pub pts: Duration,
    /// How long it waited.
    pub waited: Duration,
    /// Reason.
    pub reason: SkipReason,
    /// Its data.
    pub what: T,
}

#[derive(Debug)]
struct Waiting<T> {
    sequence: u64,
    arrival: Arrival,
    since: Instant,
    what: T,
}

impl<T> Waiting<T> {
    fn skip(self, now: Instant, reason: SkipReason) -> Skipped<T> {
        let waited = now.saturating_duration_since(self.since);
        Skipped { sequence: self.sequence, pts: self.arrival.pts, waited, reason, what: self.what }
    }
}

/// Decides for each frame of a session. Holds the frames that wait.
#[derive(Debug)]
pub struct Gate<T = ()> {
    skipping: Skipping,
    backlog: Backlog,
    next: u64,
    waiting: VecDeque<Waiting<T>>,
    busy_since: Option<Instant>,
    last_taken: Option<u64>,
    /// The last frame that was let in: its number and presentation time.
    last_chosen: Option<(u64, Duration)>,
    decimation: Decimation,
    /// Cost of a frame; rises at once, falls slowly: the gate has no patience with a handler that was slow lately.
    cost: Duration,
    /// From degradation: at most every so-many-th frame.
    at_least: u32,
    closed: Option<Closed>,
}

#[derive(Clone, Copy, Debug)]
struct Closed {
    until: Instant,
    reason: SkipReason,
    /// A backlog outlasts it.
    brief: bool,
}

impl<T> Default for Gate<T> {
    fn default() -> Self {
        Self::new(Skipping::default(), Backlog::default())
    }
}

impl<T> Gate<T> {
    /// An empty gate.
    pub fn new(skipping: Skipping, backlog: Backlog) -> Self {
        Self {
            skipping,
            backlog,
            next: 0,
            waiting: VecDeque::new(),
            busy_since: None,
            last_taken: None,
            last_chosen: None,
            decimation: Decimation::default(),
            cost: Duration::ZERO,
            at_least: 1,
            closed: None,
        }
    }

    /// Offers a frame. Returns the frames that are skipped for it, or the frame itself.
    pub fn offer(&mut self, now: Instant, arrival: Arrival, what: T) -> Vec<Skipped<T>> {
        let refused = self.refuses(now, arrival.pts);
        let frame = Waiting { sequence: self.next, arrival, since: now, what };
        self.next += 1;
        if let Some(reason) = refused {
            return vec![frame.skip(now, reason)];
        }
        let mut skipped = Vec::new();
        if self.skipping != Skipping::Never {
            self.skip_all(now, SkipReason::Busy, &mut skipped);
        }
        self.last_chosen = Some((frame.sequence, arrival.pts));
        self.waiting.push_back(frame);
        self.shed(now, &mut skipped);
        skipped
    }

    /// Returns why the next frame, with presentation time `pts`, would be skipped at once if it were [offered](Self::offer).
    /// To be asked before its picture is copied; the answer holds as long as nothing else happens.
    pub fn refuses(&mut self, now: Instant, pts: Duration) -> Option<SkipReason> {
        self.decimation.arrived(now, pts);
        let queues = self.skipping == Skipping::Never;
        if let Some(closed) = self.closed.filter(|closed| now < closed.until && !(queues && closed.brief)) {
            return Some(closed.reason);
        }
        // While one waits that was let in, the next one takes its place and not its own turn.
        if queues || self.waiting.is_empty() { self.not_its_turn(self.next, pts) } else { None }
    }

    /// Skips the waiting frames that grew too old.
    pub fn expire(&mut self, now: Instant) -> Vec<Skipped<T>> {
        let mut skipped = Vec::new();
        self.shed(now, &mut skipped);
        skipped
    }

    /// Takes the next frame for the handler, which has time until [`Gate::done`]. Also returns those that grew too old.
    pub fn take(&mut self, now: Instant) -> (Option<Ticket<T>>, Vec<Skipped<T>>) {
        let skipped = self.expire(now);
        if self.busy_since.is_some() || self.closed(now).is_some() {
            return (None, skipped);
        }
        let ticket = self.waiting.pop_front().map(|frame| {
            self.busy_since = Some(now);
            let next = self.last_taken.map_or(0, |last| last + 1);
            self.last_taken = Some(frame.sequence);
            Ticket {
                sequence: frame.sequence,
                pts: frame.arrival.pts,
                skipped: u32::try_from(frame.sequence - next).unwrap_or(u32::MAX),
                waited: now.saturating_duration_since(frame.since),
                what: frame.what,
            }
        });
        (ticket, skipped)
    }

    /// The handler has finished. `typical`: whether the call represents later calls, unlike the first one of a fresh
    /// instance.
    pub fn done(&mut self, now: Instant, typical: bool) {
        let Some(since) = self.busy_since.take().filter(|_| typical) else { return };
        let cost = now.saturating_duration_since(since);
        self.cost = if cost > self.cost { cost } else { (self.cost * 15 + cost) / 16 };
        self.decimation.spent(now, cost);
    }

    /// Lets no frame be taken before `until`. Those that wait are skipped, except a backlog that outlasts that while the
    /// handler itself is well.
    pub fn close(&mut self, now: Instant, until: Instant, reason: SkipReason) -> Vec<Skipped<T>> {
        let brief = reason != SkipReason::Resting && until.saturating_duration_since(now) <= self.backlog.age;
        if self.closed(now).is_none() || self.closed.is_some_and(|closed| closed.until < until) {
            self.closed = Some(Closed { until, reason, brief });
        }
        let mut skipped = Vec::new();
        if !(self.skipping == Skipping::Never && brief) {
            self.skip_all(now, reason, &mut skipped);
        }
        skipped
    }

    /// Frames are taken again, whatever closed the gate.
    pub fn open(&mut self) {
        self.closed = None;
    }

    /// Why no frame is taken at the moment, if so.
    pub fn closed(&self, now: Instant) -> Option<SkipReason> {
        self.closed.filter(|closed| now < closed.until).map(|closed| closed.reason)
    }

    /// Returns when a frame that waits can be taken, if that is later than `now`: nothing else may wake the handler.
    pub fn opens_at(&self, now: Instant) -> Option<Instant> {
        let until = self.closed?.until;
        (now < until && !self.waiting.is_empty()).then_some(until)
    }

    /// Lets the handler have at most every `k`-th frame, in addition to the policy.
    pub fn at_least(&mut self, k: u32) {
        self.at_least = k.max(1);
    }

    /// Changes the policy.
    pub fn set_policy(&mut self, now: Instant, skipping: Skipping) -> Vec<Skipped<T>> {
        self.skipping = skipping;
        self.expire(now)
    }

    /// Returns the policy.
    pub fn policy(&self) -> Skipping {
        self.skipping
    }

    /// Returns every how many frames one is let in.
    pub fn every(&self) -> u32 {
        let paced = if self.skipping == Skipping::Adaptive { self.decimation.every() } else { 1 };
        paced.max(self.at_least)
    }

    /// Returns the usual time between two frames that the policy lets in, without degradation.
    pub fn usual_interval(&self) -> Duration {
        let every = if self.skipping == Skipping::Adaptive { self.decimation.every() } else { 1 };
        self.decimation.interval().saturating_mul(every)
    }

    /// Returns the number of frames that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Returns the number of the frame that waits longest.
    pub fn waiting_sequence(&self) -> Option<u64> {
        self.waiting.front().map(|frame| frame.sequence)
    }

    /// True between a ticket and [`Gate::done`].
    pub fn is_busy(&self) -> bool {
        self.busy_since.is_some()
    }

    /// Sequence number that the next frame to be taken has, or, when none waits, the next one to be offered.
    pub fn next_sequence(&self) -> u64 {
        self.waiting.front().map_or(self.next, |frame| frame.sequence)
    }

    /// Returns how long the frame that came at `completed` may wait before it is offered, so that jitter alone does
    /// not replace the frame that waits. Zero when none waits, under `never`, where it replaces none, when the handler does
    /// not keep up with its frames on the whole, or when the frame is late already: then skipping keeps the latency
    /// bounded. A handler that takes less than half of an interval catches up by itself, and may be longer at it.
    pub fn patience(&self, now: Instant, completed: Instant) -> Duration {
        let interval = self.decimation.interval();
        let time = interval.saturating_mul(self.every());
        let keeps_up = self.cost.saturating_mul(11) / 10 <= time;
        if self.waiting.is_empty() || self.skipping == Skipping::Never || !keeps_up || self.closed(now).is_some() {
            return Duration::ZERO;
        }
        let late = now.saturating_duration_since(completed);
        let catches_up = self.cost.saturating_mul(2) <= time;
        let most = if catches_up { MAX_CATCHING_UP.max(interval * 2) } else { interval * 2 };
        most.saturating_sub(late).min(interval)
    }

    fn not_its_turn(&self, sequence: u64, pts: Duration) -> Option<SkipReason> {
        let every = self.every();
        let (chosen, at) = self.last_chosen.filter(|_| every > 1)?;
        // By time, so that a frame lost by the camera shifts nothing; by count where the times make no sense.
        let due = match pts.checked_sub(at) {
            Some(gap) => gap * 2 >= self.decimation.interval().saturating_mul(every * 2 - 1),
            None => true,
        };
        let due = due || sequence - chosen >= u64::from(every) * 2;
        match due {
            true => None,
            false if self.at_least == every => Some(SkipReason::OverBudget),
            false => Some(SkipReason::Pacing),
        }
    }

    fn skip_all(&mut self, now: Instant, reason: SkipReason, skipped: &mut Vec<Skipped<T>>) {
        skipped.extend(self.waiting.drain(..).map(|frame| frame.skip(now, reason)));
    }

    /// Keeps what waits within the bounds of the policy: the oldest frames are skipped, the newest stays.
    fn shed(&mut self, now: Instant, skipped: &mut Vec<Skipped<T>>) {
        let reason = match self.skipping {
            Skipping::Never => self.closed(now).unwrap_or(SkipReason::Backlog),
            _ => SkipReason::Busy,
        };
        let mut bytes = self.waiting.iter().fold(0usize, |sum, frame| sum.saturating_add(frame.arrival.bytes));
        while self.waiting.len() > 1 {
            let Some(oldest) = self.waiting.front() else { break };
            let fits = self.waiting.len() <= self.backlog.frames
                && bytes <= self.backlog.bytes
                && now.saturating_duration_since(oldest.since) <= self.backlog.age;
            if fits && self.skipping == Skipping::Never {
                break;
            }
            bytes = bytes.saturating_sub(oldest.arrival.bytes);
            skipped.extend(self.waiting.pop_front().map(|frame| frame.skip(now, reason)));
        }
    }
}

#[cfg(test)]
mod tests;

//! Which packets of a stream are missing, and when to ask for them. Has no clock: `now` is an argument.
//!
//! Requests are timed by the path: a packet counts as lost once it is later than others were that came out of order, it is asked for
//! again after a round trip, and no more when its answer would come after its frame was given up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::lateness::Lateness;
use super::reordering::Reordering;
use super::round_trip::RoundTrip;
use super::sequence;

/// Least time between two requests for the same packet.
const MIN_SPACING: Duration = Duration::from_millis(20);
/// Time between two requests from which each is sent twice, and the time between the two.
const LONG: Duration = Duration::from_millis(75);
const REPEAT: Duration = Duration::from_millis(20);
/// Requests for one packet.
const MAX_TRIES: u8 = 10;
/// Packets that are asked for at the same time. Larger gaps are left to the next keyframe.
pub const MAX_REQUESTS: usize = 256;
/// How long a frame waits for its packets: at least, and at most. Browsers send a packet again only once a round trip, as they measure it,
/// so that some requests are in vain; and a keyframe, which is large, is lost more easily.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(250), Duration::from_millis(1000));
/// Time for which a packet is remembered that is asked for no more: its answer still tells the round trip.
const MEMORY: Duration = Duration::from_secs(2);

#[derive(Debug)]
struct Request {
    missing_since: Instant,
    tries: u8,
    /// When it counts as lost, and is asked for first.
    lost: Instant,
    first: Instant,
    last: Instant,
    /// It is asked for no more.
    given_up: bool,
}

impl Request {
    /// When it is asked for next. Where a round trip is long, each request is sent twice: one that is lost would cost another.
    fn due(&self, spacing: Duration) -> Option<Instant> {
        let wait = match self.tries % 2 {
            _ if spacing < LONG => spacing,
            1 => REPEAT,
            _ => spacing - REPEAT,
        };
        let due = if self.tries == 0 { self.lost } else { self.last + wait };
        (!self.given_up).then_some(due)
    }
}

/// The gaps of one stream.
#[derive(Debug, Default)]
pub struct Gaps {
    highest: Option<u64>,
    requests: BTreeMap<u64, Request>,
    round_trip: RoundTrip,
    reordering: Reordering,
    lateness: Lateness,
    /// Time stamp of the last packet.
    timestamp: Option<u32>,
    /// How long packets wait on their way to this side, smoothed: those that are sent again wait as well.
    queued: Duration,
    /// Packets that were asked for.
    lost: u64,
}

impl Gaps {
    /// The stream begins anew, with other numbers; what was learned of the path stays.
    pub fn restart(&mut self) {
        (self.highest, self.requests) = (None, BTreeMap::new());
        (self.lateness, self.queued) = (Lateness::default(), Duration::ZERO);
    }

    /// Notes that a packet arrived, not as a retransmission in a format of its own.
    pub fn received(&mut self, now: Instant, sequence: u16, timestamp: u32) {
        // A frame's first packet did not wait for others of it.
        if self.timestamp.replace(timestamp) != Some(timestamp) {
            self.queued = (self.queued * 3 + self.lateness.came(now, timestamp)) / 4;
        }
        let Some(highest) = self.highest else {
            self.highest = Some(sequence::first(sequence));
            return;
        };
        let number = sequence::unwrap(highest, sequence);
        if number <= highest {
            if let Some(request) = self.requests.remove(&number) {
                let since_first = now.saturating_duration_since(request.first);
                // Without a format of their own, retransmissions look like packets that come late. They do not come before their time.
                if request.tries == 0 || since_first * 2 < self.round_trip.get() {
                    self.reordering.late(now, now.saturating_duration_since(request.missing_since));
                }
            }
            return;
        }
        self.highest = Some(number);
        if (number - highest) as usize > MAX_REQUESTS {
            self.requests.clear();
            return;
        }
        let lost = now + self.reordering.wait(now);
        let request = || Request { missing_since: now, tries: 0, lost, first: now, last: now, given_up: false };
        self.requests.extend((highest + 1..number).map(|missing| (missing, request())));
        self.requests.retain(|_, request| now < request.missing_since + MEMORY);
        while self.requests.len() > MAX_REQUESTS {
            self.requests.pop_first();
        }
    }

    /// Notes a retransmission. Returns whether the packet was missing.
    pub fn repaired(&mut self, now: Instant, sequence: u16) -> bool {
        let Some(highest) = self.highest else { return false };
        let Some(request) = self.requests.remove(&sequence::unwrap(highest, sequence)) else { return false };
        if request.tries > 0 {
            self.round_trip.measured(now.saturating_duration_since(request.first));
        }
        true
    }

    /// The sequence numbers to ask for now, in order.
    pub fn due(&mut self, now: Instant) -> Vec<u16> {
        let (patience, round_trip, spacing) = (self.patience(now), self.round_trip(), self.spacing());
        let mut due = Vec::new();
        for (number, request) in &mut self.requests {
            if request.due(spacing).is_none_or(|due| now < due) {
                continue;
            }
            // The first request is made in any case: of the round trip little may be known.
            let is_too_late = request.tries > 0 && now + round_trip / 2 > request.missing_since + patience;
            if request.tries == MAX_TRIES || is_too_late {
                request.given_up = true;
                continue;
            }
            due.push(*number as u16);
            if request.tries == 0 {
                request.first = now;
                self.lost += 1;
            }
            request.tries += 1;
            request.last = now;
        }
        due
    }

    /// When [`Self::due`] has to be called next; `None` when nothing is to be asked for.
    pub fn deadline(&self) -> Option<Instant> {
        let spacing = self.spacing();
        self.requests.values().filter_map(|request| request.due(spacing)).min()
    }

    /// Time between two requests for the same packet.
    fn spacing(&self) -> Duration {
        let round_trip = self.round_trip();
        (round_trip + round_trip / 4).max(MIN_SPACING)
    }

    /// How long a frame should wait for packets that are missing.
    pub fn patience(&self, now: Instant) -> Duration {
        (self.round_trip.get() * 3 + self.queued + self.reordering.wait(now)).clamp(PATIENCE.0, PATIENCE.1)
    }

    /// How long packets wait on their way to this side.
    pub fn queued(&self) -> Duration {
        self.queued
    }

    /// Packets that were lost, since the beginning.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The time until an answer comes.
    pub fn round_trip(&self) -> Duration {
        self.round_trip.get() + self.queued
    }
}

#[cfg(test)]
#[path = "gaps_tests.rs"]
mod tests;

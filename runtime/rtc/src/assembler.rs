//! RTP packets into access units: in order, each at most once, complete the moment their last packet is there.
//!
//! Has no clock: `now` comes in. A gap waits for its retransmission for a bounded time; then everything up to the next
//! keyframe is dropped, since what follows a lost picture cannot be decoded.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::depacketizer::{self, Depacketizer};

/// Longest wait for a retransmission.
pub const PATIENCE: Duration = Duration::from_millis(150);
/// While a keyframe is waited for, it is asked for so often.
pub const REMINDER: Duration = Duration::from_secs(1);
/// Packets kept at most.
const MOST_PACKETS: usize = 1024;
/// Payload kept at most, bytes.
const MOST_BYTES: usize = 2 << 20;
/// A packet further ahead than that begins a new numbering.
const FURTHEST: u64 = 2048;
/// So many packets from the past, one after the other and with nothing else in between, are a new numbering too.
const LATE_IN_A_ROW: u32 = 64;

/// What of an RTP packet matters here.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Number of the packet, wrapping.
    pub sequence: u16,
    /// The picture's timestamp, 1/90000 s, wrapping.
    pub timestamp: u32,
    /// It is the last one of its picture.
    pub marker: bool,
    /// What it carries; empty when it is only padding.
    pub payload: Bytes,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A complete picture.
    Unit {
        /// Annex B.
        data: Bytes,
        /// The sender's timestamp.
        timestamp: u32,
        /// It can be decoded without those before it.
        keyframe: bool,
        /// Arrival of the packet that completed it.
        completed: Instant,
    },
    /// Nothing more comes out until the sender makes a keyframe.
    KeyframeNeeded,
}

#[derive(Debug)]
struct Held {
    packet: Packet,
    arrived: Instant,
}

/// Puts the pictures of one stream together.
#[derive(Debug, Default)]
pub struct Assembler {
    /// What waits, by number; the numbers do not wrap.
    held: BTreeMap<u64, Held>,
    bytes: usize,
    /// The highest number so far.
    highest: Option<u64>,
    /// The number of the next picture's first packet; absent while a keyframe is waited for.
    next: Option<u64>,
    /// Since when the next picture waits for a packet that is missing.
    gap: Option<Instant>,
    /// When a keyframe was last asked for, while one is waited for.
    asked: Option<Instant>,
    /// The last number that came too late, and how many in a row did.
    late: (u16, u32),
}

impl Assembler {
    /// Takes a packet; [`Self::poll`] says what came of it.
    pub fn push(&mut self, now: Instant, packet: Packet) {
        let number = self.number(packet.sequence);
        if self.highest.is_some_and(|highest| number > highest + FURTHEST) {
            self.restart(packet.sequence);
            return self.push(now, packet);
        }
        if self.next.is_some_and(|next| number < next) || number + FURTHEST < self.highest.unwrap_or(0) {
            return self.too_late(now, packet);
        }
        self.late.1 = 0;
        self.highest = self.highest.max(Some(number));
        let size = packet.payload.len();
        let starts = self.next.is_none() && depacketizer::begins_keyframe(&packet.payload);
        if self.held.contains_key(&number) {
            return;
        }
        self.held.insert(number, Held { packet, arrived: now });
        self.bytes += size;
        if starts {
            self.start_at(number);
        }
        while self.held.len() > MOST_PACKETS || self.bytes > MOST_BYTES {
            match self.next {
                Some(_) => self.give_up(),
                None => self.drop_first(),
            }
        }
    }

    /// What is ready; to be called until there is nothing more.
    pub fn poll(&mut self, now: Instant) -> Option<Output> {
        loop {
            if let Some(next) = self.next {
                match self.look(next) {
                    Sight::Padding => self.advance(next + 1),
                    Sight::Complete { end } => match self.take(next, end) {
                        Some(unit) => return Some(unit),
                        None => self.give_up(),
                    },
                    Sight::Incomplete { gap: false } => {
                        self.gap = None;
                        return None;
                    }
                    Sight::Incomplete { gap: true } => {
                        if now < *self.gap.get_or_insert(now) + PATIENCE {
                            return None;
                        }
                        self.give_up();
                    }
                }
            } else {
                // Before the first packet there is nobody to ask.
                self.highest?;
                if self.asked.is_some_and(|asked| now < asked + REMINDER) {
                    return None;
                }
                self.asked = Some(now);
                return Some(Output::KeyframeNeeded);
            }
        }
    }

    /// When [`Self::poll`] may have something to say without another packet.
    pub fn deadline(&self) -> Option<Instant> {
        match self.next {
            Some(_) => self.gap.map(|since| since + PATIENCE),
            None => self.asked.map(|asked| asked + REMINDER),
        }
    }

    /// The packet's number, unwrapped around the highest one.
    fn number(&self, sequence: u16) -> u64 {
        match self.highest {
            // Room below, for packets from before the first one.
            None => (1 << 32) + u64::from(sequence),
            Some(highest) => highest.wrapping_add_signed(i64::from(sequence.wrapping_sub(highest as u16) as i16)),
        }
    }

    fn look(&self, next: u64) -> Sight {
        let Some(first) = self.held.get(&next) else {
            return Sight::Incomplete { gap: !self.held.is_empty() };
        };
        if first.packet.payload.is_empty() {
            return Sight::Padding;
        }
        let mut end = next;
        for (&number, held) in self.held.range(next..) {
            if number != end {
                return Sight::Incomplete { gap: true };
            }
            if held.packet.timestamp != first.packet.timestamp {
                return Sight::Complete { end };
            }
            end = number + 1;
            if held.packet.marker {
                return Sight::Complete { end };
            }
        }
        Sight::Incomplete { gap: false }
    }

    /// Puts a picture together and goes on behind it; `None` when it makes no sense.
    fn take(&mut self, next: u64, end: u64) -> Option<Output> {
        let timestamp = self.held.get(&next)?.packet.timestamp;
        let mut depacketizer = Depacketizer::default();
        let mut completed = self.held.get(&next)?.arrived;
        for (_, held) in self.held.range(next..end) {
            depacketizer.push(&held.packet.payload).ok()?;
            completed = completed.max(held.arrived);
        }
        let (data, keyframe) = depacketizer.finish().ok()?;
        self.advance(end);
        Some(Output::Unit { data, timestamp, keyframe, completed })
    }

    /// Forgets everything before `number`, with which the next picture begins.
    fn advance(&mut self, number: u64) {
        while self.held.first_key_value().is_some_and(|(first, _)| *first < number) {
            self.drop_first();
        }
        self.next = Some(number);
        self.gap = None;
    }

    /// Begins with the keyframe whose parameter sets are at `number`; what comes before them in the same picture goes along.
    fn start_at(&mut self, number: u64) {
        let timestamp = self.held.get(&number).map(|held| held.packet.timestamp);
        let mut first = number;
        while self.held.get(&(first - 1)).map(|held| held.packet.timestamp) == timestamp {
            first -= 1;
        }
        self.asked = None;
        self.advance(first);
    }

    /// The next picture is lost: goes on with the first keyframe behind it, or waits for one.
    fn give_up(&mut self) {
        let lost = self.next.take().unwrap_or(0);
        self.gap = None;
        self.asked = None;
        let starts = |held: &Held| depacketizer::begins_keyframe(&held.packet.payload);
        match self.held.range(lost + 1..).find(|(_, held)| starts(held)).map(|(number, _)| *number) {
            Some(number) => {
                // Packets of the lost picture must not be taken for the keyframe's.
                while self.held.first_key_value().is_some_and(|(first, _)| *first <= lost) {
                    self.drop_first();
                }
                self.start_at(number);
            }
            None => {
                self.held.clear();
                self.bytes = 0;
            }
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, held)) = self.held.pop_first() {
            self.bytes -= held.packet.payload.len();
        }
    }

    fn too_late(&mut self, now: Instant, packet: Packet) {
        let in_a_row = if packet.sequence == self.late.0.wrapping_add(1) { self.late.1 + 1 } else { 1 };
        self.late = (packet.sequence, in_a_row);
        if in_a_row >= LATE_IN_A_ROW {
            self.restart(packet.sequence);
            self.push(now, packet);
        }
    }

    /// The sender began a new numbering.
    fn restart(&mut self, sequence: u16) {
        let beyond = self.highest.unwrap_or(1 << 32) + (1 << 17);
        *self = Self { highest: Some((beyond & !0xffff) + u64::from(sequence)), ..Self::default() };
    }
}

/// What is there of the next picture.
enum Sight {
    /// Nothing but padding at its beginning.
    Padding,
    /// All of it, up to `end`.
    Complete { end: u64 },
    /// Not all of it; with a `gap`, something behind it arrived.
    Incomplete { gap: bool },
}

#[cfg(test)]
#[path = "assembler_tests.rs"]
mod tests;

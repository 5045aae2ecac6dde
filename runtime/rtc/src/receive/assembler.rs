//! RTP packets into encoded frames: in order, each at most once, complete as soon as their last packet is there.
//!
//! Has no clock: `now` is an argument. A gap waits for its retransmission for a bounded time; then everything up to the next
//! keyframe is dropped, because what follows a lost frame cannot be decoded. A keyframe is asked for before, so that it comes by then. Where a keyframe begins, and whether the packets of
//! a frame are all of it, is the codec's depacketizer's to say.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::{Codec, EncodedFrame};

use super::gaps::MAX_REQUESTS;
use super::sequence;
use crate::packet::{self, Depacketizer};

/// Longest wait for a retransmission where nothing is known of the path.
pub const PATIENCE: Duration = Duration::from_millis(150);
/// Least time between two requests while a keyframe is waited for.
const REMINDER: Duration = Duration::from_millis(500);
/// Packets of a gap that are waited for at most; more are not asked for.
const MAX_GAP: u64 = MAX_REQUESTS as u64;
/// Packets kept at most.
const MAX_PACKETS: usize = 1024;
/// Payload kept at most, bytes.
const MAX_BYTES: usize = 2 << 20;
/// A packet further ahead than this begins a new numbering, packets.
const MAX_AHEAD: u64 = 2048;
/// This many packets from the past, one after the other and with nothing else in between, begin a new numbering too.
const LATE_IN_A_ROW: u32 = 64;

/// The part of an RTP packet that the assembler needs.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Sequence number, wrapping.
    pub sequence: u16,
    /// Timestamp of its frame, 1/90000 s, wrapping.
    pub timestamp: u32,
    /// Whether it is the last one of its frame.
    pub marker: bool,
    /// Payload; empty when the packet is only padding.
    pub payload: Bytes,
}

/// What the assembler gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A complete frame; it was captured when the packet that completed it arrived.
    Frame(EncodedFrame),
    /// Frames were lost, or probably are: the sender should make a keyframe.
    KeyframeNeeded,
}

/// A packet that waits for the rest of its frame or for those before it.
struct Held {
    packet: Packet,
    arrived: Instant,
}

/// Assembles the frames of one stream.
pub struct Assembler {
    codec: Codec,
    /// Parameters of the format, as the offer has them.
    parameters: String,
    depacketizer: Box<dyn Depacketizer>,
    /// The packets that wait, by number; the numbers do not wrap.
    held: BTreeMap<u64, Held>,
    /// Payload of these packets, bytes.
    bytes: usize,
    /// The highest number so far.
    highest: Option<u64>,
    /// The number of the next frame's first packet; `None` while a keyframe is waited for.
    next: Option<u64>,
    /// Since when the next frame waits for a packet that is missing.
    gap: Option<Instant>,
    /// When a keyframe was asked for because of this gap.
    gap_reported: Option<Instant>,
    /// Longest wait for a retransmission.
    patience: Duration,
    /// When a keyframe was last asked for, while one is waited for.
    asked: Option<Instant>,
    /// The last number that came too late, and how many in a row did.
    late: (u16, u32),
}

impl Assembler {
    /// An assembler for a stream of this codec.
    pub fn new(codec: Codec) -> Self {
        Self::with_parameters(codec, "")
    }

    /// An assembler for a stream of this codec, of which the parameters of its format (`a=fmtp`) are known.
    pub fn with_parameters(codec: Codec, parameters: &str) -> Self {
        let mut depacketizer = packet::depacketizer(codec);
        depacketizer.configure(parameters);
        Self {
            codec,
            parameters: parameters.to_owned(),
            depacketizer,
            held: BTreeMap::new(),
            bytes: 0,
            highest: None,
            next: None,
            gap: None,
            gap_reported: None,
            patience: PATIENCE,
            asked: None,
            late: (0, 0),
        }
    }

    /// Sets how long a gap waits for its retransmission.
    pub fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Adds a packet. [`Self::poll`] has to be called after it.
    pub fn push(&mut self, now: Instant, packet: Packet) {
        let number = self.number(packet.sequence);
        if self.highest.is_some_and(|highest| number > highest + MAX_AHEAD) {
            self.restart(packet.sequence);
            return self.push(now, packet);
        }
        if self.next.is_some_and(|next| number < next) || number + MAX_AHEAD < self.highest.unwrap_or(0) {
            return self.too_late(now, packet);
        }
        self.late.1 = 0;
        self.highest = self.highest.max(Some(number));
        let size = packet.payload.len();
        let starts = self.next.is_none() && self.depacketizer.begins_keyframe(&packet.payload);
        if self.held.contains_key(&number) {
            return;
        }
        self.held.insert(number, Held { packet, arrived: now });
        self.bytes += size;
        if starts {
            self.start_at(number);
        }
        while self.held.len() > MAX_PACKETS || self.bytes > MAX_BYTES {
            match self.next {
                Some(_) => self.give_up(),
                None => self.drop_first(),
            }
        }
    }

    /// The next output that is ready; to be called until there is none.
    pub fn poll(&mut self, now: Instant) -> Option<Output> {
        loop {
            if let Some(next) = self.next {
                match self.progress(next) {
                    Progress::Padding => self.advance(next + 1),
                    Progress::Complete { end } => match self.take(next, end) {
                        Some(frame) => return Some(Output::Frame(frame)),
                        None => self.give_up(),
                    },
                    Progress::Incomplete { gap: false } => {
                        self.gap = None;
                        return None;
                    }
                    Progress::Incomplete { gap: true } => {
                        let since = *self.gap.get_or_insert(now);
                        let is_over = now >= since + self.patience || self.gap_is_too_large(next);
                        if is_over || self.gap_reported.is_some() && self.keyframe_follows(next) {
                            self.give_up();
                        } else if now < self.worry(since) || self.gap_reported.is_some() {
                            return None;
                        } else {
                            self.gap_reported = Some(now);
                            return Some(Output::KeyframeNeeded);
                        }
                    }
                }
            } else {
                // Before the first packet nothing was lost.
                self.highest?;
                if self.asked.is_some_and(|asked| now < asked + self.reminder()) {
                    return None;
                }
                self.asked = Some(now);
                return Some(Output::KeyframeNeeded);
            }
        }
    }

    /// When [`Self::poll`] has to be called next without another packet.
    pub fn deadline(&self) -> Option<Instant> {
        match self.next {
            Some(_) => self
                .gap
                .map(|since| if self.gap_reported.is_some() { since + self.patience } else { self.worry(since) }),
            None => self.asked.map(|asked| asked + self.reminder()),
        }
    }

    /// When a keyframe is asked for because of a gap that is waited for: when its retransmission is overdue.
    fn worry(&self, since: Instant) -> Instant {
        since + self.patience * 3 / 4
    }

    fn reminder(&self) -> Duration {
        REMINDER.max(self.patience * 2)
    }

    /// Returns whether more packets are missing in the next frame than are asked for.
    fn gap_is_too_large(&self, next: u64) -> bool {
        let mut end = next;
        for number in self.held.range(next..).map(|(number, _)| *number) {
            if number - end > MAX_GAP {
                return true;
            }
            end = number + 1;
        }
        false
    }

    /// Returns whether a keyframe has begun to arrive behind the next frame.
    fn keyframe_follows(&self, next: u64) -> bool {
        let starts = |held: &Held| self.depacketizer.begins_keyframe(&held.packet.payload);
        self.held.range(next + 1..).any(|(_, held)| starts(held))
    }

    /// The packet's number, which does not wrap.
    fn number(&self, sequence: u16) -> u64 {
        match self.highest {
            None => sequence::first(sequence),
            Some(highest) => sequence::unwrap(highest, sequence),
        }
    }

    /// How much of the frame that begins with the packet `next` is there.
    fn progress(&self, next: u64) -> Progress {
        let Some(first) = self.held.get(&next) else {
            return Progress::Incomplete { gap: !self.held.is_empty() };
        };
        if first.packet.payload.is_empty() {
            return Progress::Padding;
        }
        let mut end = next;
        for (&number, held) in self.held.range(next..) {
            if number != end {
                return Progress::Incomplete { gap: true };
            }
            if held.packet.timestamp != first.packet.timestamp {
                return Progress::Complete { end };
            }
            end = number + 1;
            if held.packet.marker {
                return Progress::Complete { end };
            }
        }
        Progress::Incomplete { gap: false }
    }

    /// Takes the frame of the packets from `next` to before `end`; `None` when it is malformed.
    fn take(&mut self, next: u64, end: u64) -> Option<EncodedFrame> {
        let rtp_timestamp = self.held.get(&next)?.packet.timestamp;
        let captured = self.held.range(next..end).map(|(_, held)| held.arrived).max()?;
        let mut payloads = self.held.range(next..end).map(|(_, held)| held.packet.payload.as_ref());
        let unit = self.depacketizer.join(&mut payloads).ok()?;
        self.advance(end);
        Some(EncodedFrame { codec: self.codec, data: unit.data, keyframe: unit.keyframe, rtp_timestamp, captured })
    }

    /// Drops everything before `number`, with which the next frame begins.
    fn advance(&mut self, number: u64) {
        while self.held.first_key_value().is_some_and(|(first, _)| *first < number) {
            self.drop_first();
        }
        self.next = Some(number);
        self.gap = None;
        self.gap_reported = None;
    }

    /// Begins with the keyframe that the packet `number` belongs to; packets of the same frame before it go along.
    fn start_at(&mut self, number: u64) {
        let timestamp = self.held.get(&number).map(|held| held.packet.timestamp);
        let mut first = number;
        while self.held.get(&(first - 1)).map(|held| held.packet.timestamp) == timestamp {
            first -= 1;
        }
        self.asked = None;
        self.advance(first);
    }

    /// Drops the next frame: goes on with the first keyframe behind it, or waits for one.
    fn give_up(&mut self) {
        let lost = self.next.take().unwrap_or(0);
        self.gap = None;
        self.asked = self.gap_reported.take();
        let starts = |held: &Held| self.depacketizer.begins_keyframe(&held.packet.payload);
        match self.held.range(lost + 1..).find(|(_, held)| starts(held)).map(|(number, _)| *number) {
            Some(number) => {
                // Packets of the lost frame must not be taken for the keyframe's.
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

    /// A packet of a frame that was given or dropped arrived.
    fn too_late(&mut self, now: Instant, packet: Packet) {
        let in_a_row = if packet.sequence == self.late.0.wrapping_add(1) { self.late.1 + 1 } else { 1 };
        self.late = (packet.sequence, in_a_row);
        if in_a_row >= LATE_IN_A_ROW {
            self.restart(packet.sequence);
            self.push(now, packet);
        }
    }

    /// Begins anew, because the sender began a new numbering.
    fn restart(&mut self, sequence: u16) {
        let highest = self.highest.map(|highest| sequence::beyond(highest, sequence));
        *self = Self { highest, patience: self.patience, ..Self::with_parameters(self.codec, &self.parameters) };
    }
}

/// How much of the next frame is there.
enum Progress {
    /// The next packet is only padding.
    Padding,
    /// All of it, up to before `end`.
    Complete { end: u64 },
    /// Not all of it; with a `gap`, packets behind a missing one arrived.
    Incomplete { gap: bool },
}

#[cfg(test)]
#[path = "assembler_tests.rs"]
mod tests;

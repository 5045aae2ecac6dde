//! Sends the packets of one viewer: paced, numbered for the viewer's reports, sent again when they are lost, and never more than
//! the path carries. Has neither sockets nor a clock: `now` is an argument.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use framebox_media::Codec;
use rtc::rtp;

use super::duplicates::{Duplicates, LOSSY};
use super::sent_packets::SentPackets;
use crate::bandwidth::{ArrivalReport, Estimator, Limits, LossReport, Probe};
use crate::packet::{self, Depacketizer};

/// What is sent beside header, extension and payload: SRTP's tag, UDP, IP.
const OVERHEAD: usize = 10 + 8 + 20;
/// Header and extension of a packet.
const HEADER: usize = 12 + 8;
/// How sending is spread, and how far it may run ahead of the rate.
struct Pacing {
    /// What waits is sent at this multiple of the rate that is allowed.
    pace: f64,
    /// What is sent at once, as time at the rate that is allowed: a frame of ordinary size.
    burst: Duration,
    /// By what the path carries in this time what is sent may exceed the target.
    debt: Duration,
    /// What waits for longer than this, at that pace, lets no other frame be encoded.
    backlog: Duration,
}

/// On a path whose limit is near.
const CAREFUL: Pacing = Pacing {
    pace: 2.0,
    burst: Duration::from_millis(60),
    debt: Duration::from_millis(200),
    backlog: Duration::from_millis(30),
};
/// On a path that has carried everything so far. Frames of a camera may come several at once, when one of them was late.
const GENEROUS: Pacing = Pacing {
    pace: 4.0,
    burst: Duration::from_millis(90),
    debt: Duration::from_millis(400),
    backlog: Duration::from_millis(60),
};
/// Least time between two bursts.
const TICK: Duration = Duration::from_millis(4);
/// What is sent, retransmissions included, may exceed the target by this factor in the long run.
const MAX_LOAD: f64 = 1.1;
/// Room that is kept for retransmissions, as a multiple of those of the last second: they come in bursts.
const RESERVE: f64 = 1.25;
/// And this part of it is retransmissions, at most.
const MAX_RETRANSMISSIONS: f64 = 0.5;
/// Part of the target for retransmissions on a path that loses nothing; and their number for each packet that is lost.
const SPARE_RETRANSMISSIONS: f64 = 0.1;
const REPEATS: f64 = 1.7;
/// Jitter below which packets do not overtake each other.
const EVEN: Duration = Duration::from_millis(8);
/// What was lost is sent again only if that takes no longer.
const MAX_REPAIR: Duration = Duration::from_millis(250);
/// Packets that wait at most; beyond it, the oldest go.
const MAX_WAITING: usize = 4096;
/// Regular work while something is sent.
const HOUSEKEEPING: Duration = Duration::from_millis(50);
/// After this long without a packet, nothing is to be done.
const IDLE: Duration = Duration::from_secs(3);
/// How long a viewer may hold frames on a path that is not calm, beside the jitter or the round trip in which a lost packet is sent
/// again; and the bounds of it.
const HOLD: Duration = Duration::from_millis(20);
const MAX_HOLD: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(130));
/// A path that loses or delays packets is calm again after this time.
const CALM: Duration = Duration::from_secs(4);
/// Jitter beyond which frames are better held.
const MAX_SPREAD: Duration = Duration::from_millis(40);
/// Round trip up to which a frame that waits for a packet makes no visible pause.
const MAX_REPEAT: Duration = Duration::from_millis(140);
/// Retransmissions that one request may name.
const MAX_REQUESTED: usize = 1024;

/// The stream that is sent, as negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalStream {
    /// SSRC of the pictures.
    pub ssrc: u32,
    /// SSRC and payload type of retransmissions (RFC 4588).
    pub retransmissions: Option<(u32, u8)>,
    /// Whether lost packets may be requested.
    pub nack: bool,
    /// Number of the header extension for transport-wide sequence numbers.
    pub extension: Option<u8>,
    /// Number of the header extension that tells how long frames are held.
    pub playout_delay: Option<u8>,
}

/// What the path carries, as the encoder has to know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// For pictures, headers and retransmissions taken off, b/s.
    pub bitrate: u32,
    /// Nothing more can be sent at this moment: a frame that is encoded now would only wait.
    pub blocked: bool,
    /// How often the viewer cannot go on without a keyframe, as far as this side knows by itself.
    pub interruptions: u32,
    /// Smoothed round trip, ms; 0 before it is known.
    pub round_trip_ms: u32,
    /// Part of the packets that is lost, 1/1000.
    pub loss_permille: u32,
}

/// Bytes of the last second.
#[derive(Debug, Default)]
struct LastSecond {
    sent: VecDeque<(Instant, usize)>,
    bytes: usize,
}

impl LastSecond {
    fn add(&mut self, now: Instant, bytes: usize) {
        self.sent.push_back((now, bytes));
        self.bytes += bytes;
    }

    fn bits(&mut self, now: Instant) -> f64 {
        while let Some((at, bytes)) = self.sent.front().copied()
            && now >= at + Duration::from_secs(1)
        {
            self.sent.pop_front();
            self.bytes -= bytes;
        }
        self.bytes as f64 * 8.0
    }
}

#[derive(Debug)]
struct RunningProbe {
    probe: Probe,
    packets: u32,
    bytes: usize,
    /// Index of the packet that is repeated next.
    repeated: usize,
}

/// Sends one stream.
pub struct Transmitter {
    estimator: Estimator,
    depacketizer: Box<dyn Depacketizer>,
    stream: Option<LocalStream>,
    media: VecDeque<rtp::Packet>,
    media_bytes: usize,
    /// Packets to send again, by sequence number.
    requested: VecDeque<u16>,
    duplicates: Duplicates,
    sent: SentPackets,
    retransmission_sequence: u16,
    /// Bits that may be sent at once; negative after a burst.
    budget: f64,
    updated: Option<Instant>,
    /// Bits that were sent beyond the target.
    debt: f64,
    retransmitted: LastSecond,
    /// Mean part of a packet that is payload.
    payload_share: f64,
    probe: Option<RunningProbe>,
    last_media: Option<Instant>,
    /// Time stamp of the packet that was sent last.
    last_timestamp: Option<u32>,
    /// When the path last lost packets, or delayed them unevenly.
    disturbed: Option<Instant>,
    interruptions: u32,
}

impl Transmitter {
    /// Sends a stream of `codec` within `limits`.
    pub fn new(codec: Codec, limits: Limits) -> Self {
        Self {
            estimator: Estimator::new(limits),
            depacketizer: packet::depacketizer(codec),
            stream: None,
            media: VecDeque::new(),
            media_bytes: 0,
            requested: VecDeque::new(),
            duplicates: Duplicates::default(),
            sent: SentPackets::default(),
            retransmission_sequence: 0,
            budget: 0.0,
            updated: None,
            debt: 0.0,
            retransmitted: LastSecond::default(),
            payload_share: 0.94,
            probe: None,
            last_media: None,
            last_timestamp: None,
            disturbed: None,
            interruptions: 0,
        }
    }

    /// The estimate.
    pub fn estimator(&self) -> &Estimator {
        &self.estimator
    }

    /// Sets the stream that is sent.
    pub fn set_stream(&mut self, stream: LocalStream) {
        self.stream = Some(stream);
    }

    /// Takes a packet of the stream; [`Self::due`] gives it back when it may be sent. Packets of other streams are given back
    /// at once.
    pub fn push(&mut self, now: Instant, packet: rtp::Packet) -> Option<rtp::Packet> {
        if self.stream.is_none_or(|stream| stream.ssrc != packet.header.ssrc) {
            return Some(packet);
        }
        self.last_media = Some(now);
        if self.updated.is_none() {
            self.refill(now);
        }
        self.media_bytes += size(packet.payload.len());
        self.media.push_back(packet);
        while self.media.len() > MAX_WAITING {
            self.pop_media();
        }
        None
    }

    /// Takes a request for packets.
    pub fn request(&mut self, now: Instant, ssrc: u32, sequences: impl Iterator<Item = u16>) {
        let is_ours = self.stream.is_some_and(|stream| stream.nack && stream.ssrc == ssrc);
        if !is_ours {
            return;
        }
        for sequence in sequences.take(MAX_REQUESTED) {
            if self.requested.len() < MAX_REQUESTED && !self.requested.contains(&sequence) {
                self.requested.push_back(sequence);
            }
        }
        self.last_media.get_or_insert(now);
        if self.estimator.least_round_trip().is_some_and(|time| time > MAX_REPEAT) {
            self.disturbed = Some(now);
        }
        let bits: f64 = self.requested.iter().map(|sequence| self.sent.bytes(*sequence) as f64 * 8.0).sum();
        if bits > self.estimator.allowed() * MAX_REPAIR.as_secs_f64() {
            // A keyframe is sooner there than all that was lost.
            self.sent.clear();
            self.requested.clear();
            self.interruptions += 1;
        }
    }

    /// Takes a report on arrivals.
    pub fn arrivals(&mut self, now: Instant, report: &ArrivalReport) {
        let resumed = self.estimator.arrivals(now, report);
        if self.estimator.spread() > MAX_SPREAD {
            self.disturbed = Some(now);
        }
        if resumed {
            // What was sent meanwhile is lost, and too old to be sent again.
            self.interruptions += 1;
        }
    }

    /// Takes a receiver report.
    pub fn losses(&mut self, now: Instant, report: LossReport) {
        self.estimator.losses(now, report);
    }

    /// Takes the viewer's own estimate, b/s.
    pub fn stated(&mut self, now: Instant, rate: f64) {
        self.estimator.stated(now, rate);
    }

    /// The packets to send now.
    pub fn due(&mut self, now: Instant) -> Vec<rtp::Packet> {
        let mut packets = Vec::new();
        let Some(stream) = self.stream else { return packets };
        self.estimator.tick(now);
        self.refill(now);
        if self.is_sending(now) && stream.retransmissions.is_some() {
            let (loss, round_trip) = (self.estimator.loss(), self.estimator.least_round_trip());
            let queues = self.estimator.queues();
            self.duplicates.learn(now, loss, round_trip, queues, self.estimator.allowed());
            self.duplicates.expect_gaps(self.estimator.has_gaps(now));
        }
        if self.probe.is_none()
            && stream.retransmissions.is_some()
            && stream.extension.is_some()
            && self.is_sending(now)
            && self.sent.recent(0).is_some()
            && let Some(probe) = self.estimator.probe(now)
        {
            self.probe = Some(RunningProbe { probe, packets: 0, bytes: 0, repeated: 0 });
            self.budget = self.budget.max(0.0);
        }
        while self.budget > 0.0
            && let Some(packet) = self.next(now, stream)
        {
            packets.push(packet);
        }
        packets
    }

    /// When [`Self::due`] has to be called next.
    pub fn deadline(&self) -> Option<Instant> {
        let copy = self.duplicates.deadline().filter(|at| Some(*at) > self.updated && self.estimator.has_room());
        [self.work_deadline(), copy].into_iter().flatten().min()
    }

    fn work_deadline(&self) -> Option<Instant> {
        let updated = self.updated?;
        if self.has_work() || self.probe.is_some() {
            if self.budget > 0.0 {
                return Some(updated);
            }
            return Some(updated + Duration::from_secs_f64(-self.budget / self.rate()).max(TICK));
        }
        let excess = self.debt - self.max_debt();
        if excess > 0.0 {
            let time = Duration::from_secs_f64(excess / (MAX_LOAD * f64::from(self.estimator.target())));
            return Some(updated + time.clamp(TICK, HOUSEKEEPING));
        }
        // Also while it is blocked: what is in flight is given up after some time.
        (self.is_sending(updated) || self.is_blocked()).then(|| updated + HOUSEKEEPING)
    }

    /// What the encoder has to know.
    pub fn outlook(&mut self, now: Instant) -> Outlook {
        let retransmitted = self.retransmitted.bits(now);
        let copies = if self.duplicates.are_sent(now) { 2.0 } else { 1.0 };
        let allowed = self.estimator.allowed() / copies;
        let media = (allowed - RESERVE * retransmitted).max(allowed * MAX_RETRANSMISSIONS);
        Outlook {
            bitrate: (media * self.payload_share) as u32,
            blocked: self.is_blocked(),
            interruptions: self.interruptions,
            round_trip_ms: self.estimator.round_trip().map_or(0, |time| time.as_millis().min(60_000) as u32),
            loss_permille: (self.estimator.loss() * 1000.0) as u32,
        }
    }

    fn is_blocked(&self) -> bool {
        let backlog = self.media_bytes as f64 * 8.0 - self.budget.max(0.0);
        backlog > self.rate() * self.pacing().backlog.as_secs_f64()
            || !self.estimator.has_room()
            || self.debt > self.max_debt()
    }

    fn pacing(&self) -> &'static Pacing {
        if self.estimator.is_open() { &GENEROUS } else { &CAREFUL }
    }

    fn max_debt(&self) -> f64 {
        f64::from(self.estimator.target()) * self.pacing().debt.as_secs_f64()
    }

    fn is_sending(&self, now: Instant) -> bool {
        self.last_media.is_some_and(|at| now < at + IDLE)
    }

    /// Whether something waits that may be sent as soon as there is budget.
    fn has_work(&self) -> bool {
        let copy = self.duplicates.deadline().zip(self.updated).is_some_and(|(at, updated)| at <= updated);
        self.estimator.has_room() && (copy || !(self.requested.is_empty() && self.media.is_empty()))
    }

    /// The rate at which what waits is sent, b/s.
    fn rate(&self) -> f64 {
        let pace = self.pacing().pace * self.estimator.allowed();
        self.probe.as_ref().map_or(pace, |running| running.probe.rate)
    }

    fn refill(&mut self, now: Instant) {
        let burst = self.pacing().burst;
        let elapsed = self.updated.map_or(burst, |at| now.saturating_duration_since(at));
        let most = match self.probe {
            Some(_) => self.rate() * TICK.as_secs_f64(),
            None => self.estimator.allowed() * burst.as_secs_f64(),
        };
        self.budget = (self.budget + self.rate() * elapsed.as_secs_f64()).min(most);
        let paid = MAX_LOAD * f64::from(self.estimator.target()) * elapsed.as_secs_f64();
        self.debt = (self.debt - paid).max(0.0);
        self.updated = Some(self.updated.map_or(now, |at| at.max(now)));
    }

    /// The next packet, most urgent first: what is asked for, pictures, copies of them, probes.
    fn next(&mut self, now: Instant, stream: LocalStream) -> Option<rtp::Packet> {
        while self.estimator.has_room()
            && let Some(sequence) = self.requested.pop_front()
        {
            // Viewers also ask for packets that are only late. Where none is, all that they ask for is lost, and known to be so later.
            let spare = if self.estimator.spread() < EVEN { MAX_RETRANSMISSIONS } else { SPARE_RETRANSMISSIONS };
            let share = (spare + REPEATS * self.estimator.loss()).min(MAX_RETRANSMISSIONS);
            let limit = share * f64::from(self.estimator.target());
            if self.retransmitted.bits(now) > limit {
                continue;
            }
            let round_trip = self.estimator.least_round_trip().unwrap_or(Duration::from_millis(50));
            if let Some(packet) = self.sent.again(now, sequence, round_trip) {
                self.retransmitted.add(now, size(packet.payload.len()));
                let packet = match stream.retransmissions {
                    Some(to) => self.wrap(packet, to),
                    None => packet,
                };
                return Some(self.number(now, packet, stream));
            }
        }
        if self.estimator.has_room()
            && let Some(mut packet) = self.pop_media()
        {
            // Browsers read it in the first packet of a frame.
            let begins_frame = self.last_timestamp.replace(packet.header.timestamp) != Some(packet.header.timestamp);
            if let Some(extension) = stream.playout_delay.filter(|_| begins_frame) {
                let delay = Bytes::copy_from_slice(&self.playout_delay(now));
                let _ = packet.header.set_extension(extension, delay);
            }
            if stream.nack || stream.retransmissions.is_some() {
                let begins_keyframe = self.depacketizer.begins_keyframe(&packet.payload);
                self.sent.push(now, packet.clone(), begins_keyframe);
            }
            self.duplicates.sent(now, packet.header.sequence_number);
            let share = packet.payload.len() as f64 / size(packet.payload.len()) as f64;
            self.payload_share += (share - self.payload_share) * 0.02;
            return Some(self.number(now, packet, stream));
        }
        while self.estimator.has_room()
            && let (Some(sequence), Some(to)) = (self.duplicates.next(now), stream.retransmissions)
        {
            if let Some(packet) = self.sent.get(sequence).cloned() {
                let packet = self.wrap(packet, to);
                return Some(self.number(now, packet, stream));
            }
        }
        let running = self.probe.as_mut()?;
        running.repeated += 1;
        let index = (running.repeated - 1) % 8;
        let repeated = self.sent.recent(index).or_else(|| self.sent.recent(0)).cloned();
        let (Some(packet), Some(to)) = (repeated, stream.retransmissions) else {
            self.probe = None;
            return None;
        };
        let packet = self.wrap(packet, to);
        Some(self.number(now, packet, stream))
    }

    /// How long the viewer may hold a frame: least and largest time in steps of 10 ms, twelve bits each. Where each frame comes
    /// in its time, it is shown at once, also where a second copy takes the place of a lost packet; else the viewer evens the times
    /// out, as far as that pays.
    fn playout_delay(&self, now: Instant) -> [u8; 3] {
        if self.duplicates.are_sent(now) || self.disturbed.is_none_or(|at| now > at + CALM) {
            return [0, 0, 0];
        }
        let round_trip = self.estimator.least_round_trip().unwrap_or_default();
        let spread = 3 * self.estimator.spread();
        let late = if self.estimator.loss() > LOSSY && round_trip > MAX_REPEAT {
            spread.max(round_trip.mul_f64(1.1))
        } else {
            spread
        };
        let most = (late + HOLD).clamp(MAX_HOLD.0, MAX_HOLD.1).as_millis() as u16 / 10;
        // With a least time of zero, browsers show frames at once whatever the largest is.
        let [high, low] = most.to_be_bytes();
        [0, 1 << 4 | high, low]
    }

    /// Gives a packet its transport-wide sequence number, and counts it.
    fn number(&mut self, now: Instant, mut packet: rtp::Packet, stream: LocalStream) -> rtp::Packet {
        let size = size(packet.payload.len());
        self.budget -= size as f64 * 8.0;
        self.debt += size as f64 * 8.0;
        let probe = self.probe.as_mut().map(|running| {
            running.packets += 1;
            running.bytes += size;
            running.probe.id
        });
        if let Some(extension) = stream.extension {
            let number = self.estimator.sent(now, size, probe);
            // It fits: the number of the extension was negotiated, and the value has two bytes.
            let _ = packet.header.set_extension(extension, Bytes::copy_from_slice(&number.to_be_bytes()));
        }
        let is_complete =
            |running: &RunningProbe| running.packets >= running.probe.packets && running.bytes >= running.probe.bytes;
        if self.probe.as_ref().is_some_and(is_complete) {
            self.probe = None;
        }
        packet
    }

    /// The retransmission of a packet (RFC 4588 section 4).
    fn wrap(&mut self, packet: rtp::Packet, (ssrc, payload_type): (u32, u8)) -> rtp::Packet {
        let mut payload = BytesMut::with_capacity(2 + packet.payload.len());
        payload.put_u16(packet.header.sequence_number);
        payload.extend_from_slice(&packet.payload);
        let sequence_number = self.retransmission_sequence;
        self.retransmission_sequence = sequence_number.wrapping_add(1);
        let header = rtp::Header { ssrc, payload_type, sequence_number, ..packet.header };
        rtp::Packet { header, payload: payload.freeze() }
    }

    fn pop_media(&mut self) -> Option<rtp::Packet> {
        let packet = self.media.pop_front()?;
        self.media_bytes -= size(packet.payload.len());
        Some(packet)
    }
}

impl fmt::Display for Transmitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} packets and {} requests wait, room in flight {}, debt {} of {}, budget {} bits",
            self.media.len(),
            self.requested.len(),
            self.estimator.has_room(),
            self.debt as i64,
            self.max_debt() as i64,
            self.budget as i64,
        )
    }
}

/// Size on the wire of a packet with so much payload, bytes.
fn size(payload: usize) -> usize {
    HEADER + payload + OVERHEAD
}

#[cfg(test)]
#[path = "transmitter_tests.rs"]
mod tests;

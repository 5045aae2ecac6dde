//! A viewer as browsers are: reports arrivals, asks for lost packets and for keyframes, shows frames in order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use framebox_rtc::bandwidth::ArrivalReport;
use rtc::rtp;

/// Time between two reports.
const REPORTS: Duration = Duration::from_millis(100);
/// A frame that is not complete in this time is given up.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What the viewer says.
pub enum Word {
    Arrivals(ArrivalReport),
    Request(Vec<u16>),
    Keyframe,
}

/// A frame as it was sent.
struct Frame {
    packets: std::ops::Range<u64>,
    keyframe: bool,
    captured: Duration,
}

/// Receives one stream.
#[derive(Default)]
pub struct Viewer {
    arrivals: BTreeMap<u64, Duration>,
    reported: u64,
    received: BTreeSet<u64>,
    asked: HashMap<u64, Duration>,
    highest: u64,
    frames: Vec<Frame>,
    next: usize,
    needs_keyframe: bool,
    asked_keyframe: Option<Duration>,
    next_report: Duration,
    /// When a frame was captured, and when it was shown.
    pub shown: Vec<(Duration, Duration)>,
    /// Arrival and size of every packet.
    pub bytes: Vec<(Duration, usize)>,
}

/// The number with these low bits that is nearest to `near`.
fn unwrap(near: u64, low: u16) -> u64 {
    near.wrapping_add_signed(i64::from(low.wrapping_sub(near as u16) as i16))
}

impl Viewer {
    /// Tells of a frame that is sent.
    pub fn expect(&mut self, packets: std::ops::Range<u64>, keyframe: bool, captured: Duration) {
        self.frames.push(Frame { packets, keyframe, captured });
    }

    /// A packet arrives.
    pub fn arrived(&mut self, at: Duration, packet: &rtp::Packet, extension: u8, retransmission: bool) {
        let size = packet.payload.len() + 58;
        self.bytes.push((at, size));
        let number = packet.header.get_extension(extension).unwrap();
        let number = unwrap(
            self.arrivals.last_key_value().map_or(0, |(last, _)| *last),
            u16::from_be_bytes([number[0], number[1]]),
        );
        self.arrivals.insert(number, at);
        // As in libwebrtc: what comes late is reported with the next report, and what follows it again.
        self.reported = self.reported.min(number);
        let sequence = match retransmission {
            true => u16::from_be_bytes([packet.payload[0], packet.payload[1]]),
            false => packet.header.sequence_number,
        };
        let sequence = unwrap(self.highest, sequence);
        self.highest = self.highest.max(sequence);
        self.received.insert(sequence);
        self.show(at);
    }

    fn show(&mut self, now: Duration) {
        while let Some(frame) = self.frames.get(self.next) {
            if self.needs_keyframe && !frame.keyframe {
                self.next += 1;
                continue;
            }
            if !frame.packets.clone().all(|packet| self.received.contains(&packet)) {
                return;
            }
            self.needs_keyframe = false;
            self.shown.push((frame.captured, now));
            self.next += 1;
        }
    }

    /// What it has to say.
    pub fn words(&mut self, now: Duration, round_trip: Duration) -> Vec<Word> {
        let mut words = Vec::new();
        if let Some(frame) = self.frames.get(self.next)
            && now > frame.captured + PATIENCE
            && self.highest >= frame.packets.start
        {
            self.needs_keyframe = true;
            self.next += 1;
        }
        if self.needs_keyframe && self.asked_keyframe.is_none_or(|at| now > at + Duration::from_millis(500)) {
            self.asked_keyframe = Some(now);
            words.push(Word::Keyframe);
        }
        if now >= self.next_report {
            self.next_report = now + REPORTS;
            if let Some((&last, _)) = self.arrivals.last_key_value()
                && last >= self.reported
                && let Some((&first, _)) = self.arrivals.range(self.reported..).next()
            {
                let first = if self.reported == 0 { first } else { self.reported };
                let arrivals = (first..=last).map(|number| self.arrivals.get(&number).map(|at| at.as_micros() as i64));
                words.push(Word::Arrivals(ArrivalReport { first: first as u16, arrivals: arrivals.collect() }));
                self.reported = last + 1;
            }
        }
        let from = self.frames.get(self.next).map_or(self.highest, |frame| frame.packets.start);
        let spacing = round_trip + Duration::from_millis(10);
        let missing = (from..self.highest).filter(|packet| !self.received.contains(packet));
        let due: Vec<u64> =
            missing.filter(|packet| self.asked.get(packet).is_none_or(|at| now > *at + spacing)).collect();
        if !due.is_empty() {
            self.asked.extend(due.iter().map(|packet| (*packet, now)));
            words.push(Word::Request(due.iter().map(|packet| *packet as u16).collect()));
        }
        words
    }
}

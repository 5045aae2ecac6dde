//! The payloads of a peer's RTP packets: depacketizers, the assembler of frames, requests for lost packets.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::h264::{annexb, nal};
use framebox_media::{Codec, EncodedFrame};
use framebox_rtc::packet::{AccessUnit, MAX_PAYLOAD, depacketizer, packetizer};
use framebox_rtc::receive::{Arrival, Assembler, Intake, Output, Packet, Taken};

use crate::allocation::{FIXED, within};
use crate::pieces::Pieces;

/// A NAL unit of one byte becomes five with its start code: the most by which joining payloads lets them grow.
const GROWTH: usize = 5;
/// Packets that are asked for at the same time, for a stream.
const MAX_REQUESTS: usize = 256;
/// Parameter sets that a depacketizer remembers, bytes.
const MAX_SETS: usize = 512;
/// Requests for one packet.
const MAX_TRIES: u32 = 10;
/// Payload types of the stream and of its retransmissions.
const STREAM: u8 = 102;
const REPAIRS: u8 = 103;

/// The first byte says which part is attacked: one frame's payloads, or a stream of packets.
pub fn run(data: &[u8]) {
    match data.split_first() {
        Some((kind, data)) if kind % 2 == 0 => Codec::ALL.into_iter().for_each(|codec| frame(codec, data)),
        Some((_, data)) => Codec::ALL.into_iter().for_each(|codec| stream(codec, data)),
        None => {}
    }
}

/// The payloads of a frame are joined into at most [`GROWTH`] times their bytes, or refused; what comes out of joining is
/// packetized and joined to the same again.
fn frame(codec: Codec, data: &[u8]) {
    let payloads: Vec<&[u8]> = Pieces(data).collect();
    let total: usize = payloads.iter().map(|payload| payload.len()).sum();
    let mut depacketizer = depacketizer(codec);
    let joined = within(FIXED + 4 * GROWTH * data.len(), || {
        payloads.iter().for_each(|payload| {
            depacketizer.begins_keyframe(payload);
        });
        depacketizer.join(&mut payloads.iter().copied())
    });
    let Ok(AccessUnit { data, keyframe }) = joined else { return };
    assert!(!data.is_empty() && data.len() <= GROWTH * total, "{} bytes from {total}", data.len());

    let packed = packetizer(codec, true).payloads(&encoded(codec, data.clone(), keyframe));
    assert!(packed.iter().all(|payload| (1..=MAX_PAYLOAD).contains(&payload.len())));
    if codec == Codec::Vp8 {
        let again = depacketizer.join(&mut packed.iter().map(AsRef::as_ref)).expect("our own payloads");
        assert_eq!((again.data, again.keyframe), (data, keyframe));
        return;
    }
    // Types of aggregates and fragments are none of NAL units; encoders make none.
    if !packed.is_empty() && annexb::units(&data).all(|unit| matches!(nal::kind(unit), 1..=23)) {
        let again = depacketizer.join(&mut packed.iter().map(AsRef::as_ref)).expect("our own payloads");
        assert!(annexb::units(&again.data).eq(annexb::units(&data)));
        assert_eq!(again.keyframe, annexb::is_keyframe(&data));
    }
}

fn encoded(codec: Codec, data: Bytes, keyframe: bool) -> EncodedFrame {
    EncodedFrame { codec, data, keyframe, rtp_timestamp: 0, captured: Instant::now() }
}

/// A stream of packets: each piece is a packet, whose first bytes say how sequence number, timestamp and time go on.
///
/// Frames are made of what arrived, and no byte is given twice. The assembler and the requests keep what their bounds say, and their
/// next deadline is always in the future: nobody makes the receiver spin.
fn stream(codec: Codec, data: &[u8]) {
    within(FIXED + 64 * data.len(), || {
        let start = Instant::now();
        let mut receiver = Receiver {
            now: start,
            codec,
            assembler: Assembler::new(codec),
            intake: Intake::new(STREAM, Some(REPAIRS), true),
            asked: HashMap::new(),
            arrived: 0,
            given: 0,
            keyframes: 0,
        };
        let (mut sequence, mut timestamp) = (65_000u16, u32::MAX - 90_000);
        for piece in Pieces(data) {
            let [step, kind, payload @ ..] = piece else { continue };
            sequence = match step {
                // Far away: another numbering.
                255 => sequence.wrapping_add(0x4000),
                _ => sequence.wrapping_add_signed(i16::from(*step as i8)),
            };
            timestamp = timestamp.wrapping_add(3000 * u32::from(kind >> 6));
            receiver.now += Duration::from_millis(u64::from(kind >> 2 & 0xf) * 5);
            let packet =
                Packet { sequence, timestamp, marker: kind & 1 != 0, payload: Bytes::copy_from_slice(payload) };
            // Another source takes over now and then.
            receiver.receive(1 + u32::from(kind & 0x30 == 0x30), packet, kind & 2 != 0);
        }
        // Whatever waits is given or given up in the end.
        for _ in 0..100 {
            receiver.now += Duration::from_millis(100);
            receiver.poll();
        }
        assert_eq!(receiver.intake.deadline(), None, "packets are asked for a few times, not for ever");
    });
}

struct Receiver {
    codec: Codec,
    now: Instant,
    assembler: Assembler,
    intake: Intake,
    /// How often each sequence number was asked for since a packet last arrived.
    asked: HashMap<u16, u32>,
    /// Bytes of payload that arrived, and of frames that were given.
    arrived: usize,
    given: usize,
    keyframes: usize,
}

impl Receiver {
    fn receive(&mut self, ssrc: u32, packet: Packet, repaired: bool) {
        let payload_type = if repaired { REPAIRS } else { STREAM };
        self.arrived += packet.payload.len();
        let taken = self.intake.received(self.now, Arrival { ssrc, payload_type, packet });
        self.asked.clear();
        self.assembler.be_patient(self.intake.patience(self.now));
        match taken {
            Taken::Begins(packet) => {
                self.assembler = Assembler::new(self.codec);
                self.assembler.push(self.now, packet);
            }
            Taken::Packet(packet) => self.assembler.push(self.now, packet),
            Taken::Nothing | Taken::Foreign => {}
        }
        self.poll();
    }

    fn poll(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.assembler.poll(self.now) {
            outputs += 1;
            assert!(outputs <= 2048, "there is no end to what it gives");
            if let Output::Frame(frame) = output {
                self.keyframes += usize::from(frame.keyframe);
                assert!(!frame.data.is_empty());
                self.given += frame.data.len();
            }
        }
        // Parameter sets are put before keyframes that have none.
        assert!(
            self.given <= GROWTH * self.arrived + MAX_SETS * self.keyframes,
            "{} bytes of frames from {}",
            self.given,
            self.arrived
        );
        assert!(self.assembler.deadline().is_none_or(|at| at > self.now), "the receiver would spin");
        if let Some((ssrc, sequences)) = self.intake.due(self.now) {
            assert!(Some(ssrc) == self.intake.ssrc() && (1..=MAX_REQUESTS).contains(&sequences.len()));
            for sequence in sequences {
                let times = self.asked.entry(sequence).or_default();
                *times += 1;
                assert!(*times <= MAX_TRIES, "packet {sequence} is asked for without end");
            }
        }
        assert!(self.intake.deadline().is_none_or(|at| at > self.now), "the requests would spin");
    }
}

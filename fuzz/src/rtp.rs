//! The payloads of a peer's RTP packets: depacketizers, the assembler of frames, requests for lost packets.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::h264::{annexb, nal};
use framebox_media::{Codec, EncodedFrame};
use framebox_rtc::packet::{AccessUnit, MAX_PAYLOAD, depacketizer, packetizer};
use framebox_rtc::receive::{Assembler, NackGenerator, Output, Packet};

use crate::allocation::{FIXED, within};
use crate::pieces::Pieces;

/// A NAL unit of one byte becomes five with its start code: the most by which joining payloads lets them grow.
const GROWTH: usize = 5;
/// Packets that are asked for at the same time, for a stream.
const MAX_REQUESTS: usize = 256;
/// Requests for one packet.
const MAX_TRIES: u32 = 5;
/// SSRCs of the stream and of its retransmissions.
const STREAM: u32 = 10;
const REPAIRS: u32 = 20;

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

    let packed = packetizer(codec).payloads(&encoded(codec, data.clone(), keyframe));
    assert!(packed.iter().all(|payload| (1..=MAX_PAYLOAD).contains(&payload.len())));
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
            assembler: Assembler::new(codec),
            requests: NackGenerator::default(),
            asked: HashMap::new(),
            arrived: 0,
            given: 0,
        };
        receiver.requests.add(STREAM, Some(REPAIRS));
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
            receiver.receive(packet, kind & 2 != 0);
        }
        // Whatever waits is given or given up in the end.
        for _ in 0..100 {
            receiver.now += Duration::from_millis(100);
            receiver.poll();
        }
        assert_eq!(receiver.requests.deadline(), None, "packets are asked for a few times, not for ever");
    });
}

struct Receiver {
    now: Instant,
    assembler: Assembler,
    requests: NackGenerator,
    /// How often each sequence number was asked for since a packet last arrived.
    asked: HashMap<u16, u32>,
    /// Bytes of payload that arrived, and of frames that were given.
    arrived: usize,
    given: usize,
}

impl Receiver {
    fn receive(&mut self, packet: Packet, repaired: bool) {
        let ssrc = if repaired { REPAIRS } else { STREAM };
        self.requests.received(self.now, ssrc, packet.sequence, &packet.payload);
        self.asked.clear();
        self.arrived += packet.payload.len();
        self.assembler.push(self.now, packet);
        self.poll();
    }

    fn poll(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.assembler.poll(self.now) {
            outputs += 1;
            assert!(outputs <= 2048, "there is no end to what it gives");
            if let Output::Frame(frame) = output {
                assert!(!frame.data.is_empty());
                self.given += frame.data.len();
            }
        }
        assert!(self.given <= GROWTH * self.arrived, "{} bytes of frames from {}", self.given, self.arrived);
        assert!(self.assembler.deadline().is_none_or(|at| at > self.now), "the receiver would spin");
        for (ssrc, sequences) in self.requests.due(self.now) {
            assert!(ssrc == STREAM && (1..=MAX_REQUESTS).contains(&sequences.len()));
            for sequence in sequences {
                let times = self.asked.entry(sequence).or_default();
                *times += 1;
                assert!(*times <= MAX_TRIES, "packet {sequence} is asked for without end");
            }
        }
        assert!(self.requests.deadline().is_none_or(|at| at > self.now), "the requests would spin");
    }
}

//! H.264 in RTP (RFC 6184): single NAL units, STAP-A for the small ones before a picture, FU-A for the large ones.
//!
//! Received are packetization modes 0 and 1; sent is the one that was answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use framebox_media::EncodedFrame;
use framebox_media::h264::{annexb, nal};

use super::{AccessUnit, MAX_PAYLOAD, MalformedError};

/// Payload type of several NAL units in one packet (RFC 6184 §5.7.1).
const STAP_A: u8 = 24;
/// Payload type of a part of a NAL unit (RFC 6184 §5.8).
const FU_A: u8 = 28;
/// In the header of an FU-A: the first part.
const START: u8 = 0x80;
/// In the header of an FU-A: the last part.
const END: u8 = 0x40;
/// In a NAL unit's first byte: whether it may be damaged.
const FORBIDDEN: u8 = 0x80;
/// In a NAL unit's first byte: its importance.
const IMPORTANCE: u8 = 0x60;

/// Cuts access units into payloads, in packetization mode 1 (RFC 6184 §6.3).
pub struct Packetizer;

impl super::Packetizer for Packetizer {
    fn payloads(&mut self, frame: &EncodedFrame) -> Vec<Bytes> {
        let mut payloads = Vec::with_capacity(frame.data.len() / MAX_PAYLOAD + 2);
        let mut small = Vec::new();
        for unit in annexb::shared_units(&frame.data) {
            let aggregates = matches!(nal::kind(&unit), nal::SEI..=nal::AUD);
            if aggregates && stap_size(&small) + 2 + unit.len() <= MAX_PAYLOAD {
                small.push(unit);
                continue;
            }
            flush(&mut small, &mut payloads);
            match unit.len() {
                0..=MAX_PAYLOAD => payloads.push(unit),
                _ => fragment(&unit, &mut payloads),
            }
        }
        flush(&mut small, &mut payloads);
        payloads
    }
}

/// Sends access units in packetization mode 0: one NAL unit a packet (RFC 6184 §5.6, §6.2). The encoder keeps them small enough; a
/// frame with a larger one, which such a receiver could not be sent whole, has no payloads.
pub struct SingleUnits;

impl super::Packetizer for SingleUnits {
    fn payloads(&mut self, frame: &EncodedFrame) -> Vec<Bytes> {
        let units: Vec<Bytes> = annexb::shared_units(&frame.data).collect();
        if let Some(unit) = units.iter().find(|unit| unit.len() > MAX_PAYLOAD) {
            tracing::debug!(bytes = unit.len(), "a NAL unit too large for packetization mode 0");
            return Vec::new();
        }
        units
    }
}

/// Size of a STAP-A of these units, bytes.
fn stap_size(units: &[Bytes]) -> usize {
    1 + units.iter().map(|unit| 2 + unit.len()).sum::<usize>()
}

/// Moves the collected units into one packet; a single one is sent as it is.
fn flush(small: &mut Vec<Bytes>, payloads: &mut Vec<Bytes>) {
    if small.len() < 2 {
        payloads.append(small);
        return;
    }
    let mut payload = BytesMut::with_capacity(stap_size(small));
    let forbidden = small.iter().fold(0, |bits, unit| bits | unit[0] & FORBIDDEN);
    let importance = small.iter().map(|unit| unit[0] & IMPORTANCE).max().unwrap_or(0);
    payload.put_u8(forbidden | importance | STAP_A);
    for unit in small.drain(..) {
        // Fits: a unit that is collected is smaller than a packet.
        payload.put_u16(unit.len() as u16);
        payload.put_slice(&unit);
    }
    payloads.push(payload.freeze());
}

fn fragment(unit: &[u8], payloads: &mut Vec<Bytes>) {
    let (header, body) = (unit[0], &unit[1..]);
    // Parts of the same size: the last packet of a frame is not a tiny one.
    let parts = body.len().div_ceil(MAX_PAYLOAD - 2);
    let size = body.len().div_ceil(parts);
    let last = body.chunks(size).len() - 1;
    for (index, part) in body.chunks(size).enumerate() {
        let start = if index == 0 { START } else { 0 };
        let end = if index == last { END } else { 0 };
        let mut payload = BytesMut::with_capacity(part.len() + 2);
        payload.put_u8(header & (FORBIDDEN | IMPORTANCE) | FU_A);
        payload.put_u8(start | end | nal::kind(unit));
        payload.put_slice(part);
        payloads.push(payload.freeze());
    }
}

/// Joins payloads into access units.
#[derive(Default)]
pub struct Depacketizer {
    /// The last parameter sets, as a byte stream: from the offer (RFC 6184 §8.1, `sprop-parameter-sets`) or from the stream.
    sets: Bytes,
}

/// Parameter sets that are remembered, bytes.
pub const MAX_SETS: usize = 512;

impl super::Depacketizer for Depacketizer {
    fn configure(&mut self, parameters: &str) {
        let value = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.trim().split_once('=')?;
            name.trim().eq_ignore_ascii_case("sprop-parameter-sets").then_some(value.trim())
        });
        let mut sets = BytesMut::new();
        for unit in value.iter().flat_map(|value| value.split(',')).filter_map(|set| STANDARD.decode(set.trim()).ok()) {
            if matches!(nal::kind(&unit), nal::SPS | nal::PPS) {
                annexb::append(&mut sets, &unit);
            }
        }
        self.remember(&sets);
    }

    /// Encoders put the parameter sets in front of a keyframe: with them a decoder can start. Where they are known already, it can with
    /// the first slice of an IDR picture.
    fn begins_keyframe(&self, payload: &[u8]) -> bool {
        let begins = |kind, slice: &[u8]| match kind {
            nal::SPS => true,
            // The number of its first macroblock is 0 (ITU-T H.264 §7.3.3, in Exp-Golomb code).
            nal::IDR => !self.sets.is_empty() && slice.first().is_some_and(|byte| byte & 0x80 != 0),
            _ => false,
        };
        match payload {
            [] => false,
            [_, rest @ ..] => match nal::kind(payload) {
                STAP_A => aggregated(payload).any(|unit| begins(nal::kind(unit), &unit[1..])),
                FU_A => {
                    matches!(rest, [header, slice @ ..] if header & START != 0 && begins(nal::kind(&[*header]), slice))
                }
                kind => begins(kind, rest),
            },
        }
    }

    fn join(&mut self, payloads: &mut dyn Iterator<Item = &[u8]>) -> Result<AccessUnit, MalformedError> {
        let mut stream = Stream::default();
        for payload in payloads {
            stream.push(payload)?;
        }
        if stream.fragmented || stream.data.is_empty() {
            return Err(MalformedError);
        }
        let Stream { data, keyframe, has_sets, .. } = stream;
        if has_sets {
            let mut sets = BytesMut::new();
            for unit in annexb::units(&data).filter(|unit| matches!(nal::kind(unit), nal::SPS | nal::PPS)) {
                if sets.len() + unit.len() > MAX_SETS {
                    break;
                }
                annexb::append(&mut sets, unit);
            }
            self.remember(&sets);
        } else if keyframe && !self.sets.is_empty() {
            return Ok(AccessUnit { data: [&self.sets[..], &data[..]].concat().into(), keyframe });
        }
        Ok(AccessUnit { data: data.freeze(), keyframe })
    }
}

impl Depacketizer {
    /// Keeps parameter sets, if they are not too long and not the same.
    fn remember(&mut self, sets: &[u8]) {
        if (1..=MAX_SETS).contains(&sets.len()) && self.sets != sets {
            self.sets = Bytes::copy_from_slice(sets);
        }
    }
}

/// The units in a STAP-A that are not empty, as far as it is well formed.
fn aggregated(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = payload.get(1..).unwrap_or(&[]);
    std::iter::from_fn(move || {
        let [high, low, units @ ..] = rest else { return None };
        let size = usize::from(u16::from_be_bytes([*high, *low]));
        let unit = units.get(..size)?;
        rest = &units[size..];
        Some(unit)
    })
    .filter(|unit| !unit.is_empty())
}

/// The byte stream of one access unit, as far as its payloads were read.
#[derive(Default)]
struct Stream {
    data: BytesMut,
    /// An IDR slice is in it.
    keyframe: bool,
    /// A sequence parameter set is in it.
    has_sets: bool,
    /// A fragmented unit has begun and not ended.
    fragmented: bool,
}

impl Stream {
    fn push(&mut self, payload: &[u8]) -> Result<(), MalformedError> {
        if payload.is_empty() {
            return Ok(());
        }
        let kind = nal::kind(payload);
        if self.fragmented && kind != FU_A {
            return Err(MalformedError);
        }
        match kind {
            1..=23 => self.unit(payload),
            STAP_A => self.aggregate(&payload[1..])?,
            FU_A => self.fragment(payload)?,
            _ => return Err(MalformedError),
        }
        Ok(())
    }

    fn unit(&mut self, unit: &[u8]) {
        self.keyframe |= nal::kind(unit) == nal::IDR;
        self.has_sets |= nal::kind(unit) == nal::SPS;
        annexb::append(&mut self.data, unit);
    }

    fn aggregate(&mut self, mut units: &[u8]) -> Result<(), MalformedError> {
        let before = self.data.len();
        // Some senders pad: with empty units, or with a byte that is no size.
        while units.len() >= 2 {
            let size = usize::from(units.get_u16());
            if size > units.len() {
                return Err(MalformedError);
            }
            if size > 0 {
                self.unit(&units[..size]);
                units.advance(size);
            }
        }
        if self.data.len() > before { Ok(()) } else { Err(MalformedError) }
    }

    fn fragment(&mut self, payload: &[u8]) -> Result<(), MalformedError> {
        let [indicator, header, part @ ..] = payload else { return Err(MalformedError) };
        let (start, end) = (header & START != 0, header & END != 0);
        // A unit of one part is not allowed (RFC 6184 §5.8), and sent all the same.
        if start == self.fragmented {
            return Err(MalformedError);
        }
        if start {
            self.unit(&[indicator & (FORBIDDEN | IMPORTANCE) | nal::kind(&[*header])]);
        }
        self.data.extend_from_slice(part);
        self.fragmented = !end;
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Instant;

    use framebox_media::Codec;

    use super::super::{Depacketizer as _, Packetizer as _};
    use super::*;

    fn unit(header: u8, size: usize) -> Vec<u8> {
        let mut unit = vec![header];
        unit.resize(size, 0xab);
        unit
    }

    fn frame(units: &[Vec<u8>]) -> EncodedFrame {
        let mut stream = BytesMut::new();
        for unit in units {
            annexb::append(&mut stream, unit);
        }
        let keyframe = annexb::is_keyframe(&stream);
        let data = stream.freeze();
        EncodedFrame { codec: Codec::H264, data, keyframe, rtp_timestamp: 0, captured: Instant::now() }
    }

    /// A frame of about `size` bytes as an encoder makes it: keyframes begin with parameter sets.
    pub(in super::super) fn sample(keyframe: bool, size: usize) -> EncodedFrame {
        let slice = unit(if keyframe { 0x65 } else { 0x41 }, size.max(2));
        if keyframe { frame(&[unit(0x67, 12), unit(0x68, 5), slice]) } else { frame(&[slice]) }
    }

    #[test]
    fn sizes_decide_how_a_unit_is_packed() {
        let kinds = |units: &[Vec<u8>]| -> Vec<u8> {
            Packetizer.payloads(&frame(units)).iter().map(|payload| nal::kind(payload)).collect()
        };
        assert_eq!(kinds(&[]), [0u8; 0]);
        assert_eq!(kinds(&[unit(0x41, 1)]), [1]);
        assert_eq!(kinds(&[unit(0x41, MAX_PAYLOAD)]), [1]);
        assert_eq!(kinds(&[unit(0x41, MAX_PAYLOAD + 1)]), [FU_A; 2]);
        assert_eq!(kinds(&[unit(0x67, 20), unit(0x68, 5), unit(0x65, 30)]), [STAP_A, 5]);
        assert_eq!(kinds(&[unit(0x67, 20), unit(0x65, 3000)]), [7, FU_A, FU_A, FU_A]);
        assert_eq!(kinds(&[unit(0x06, 800), unit(0x06, 800), unit(0x41, 9)]), [6, 6, 1]);
    }

    #[test]
    fn in_mode_0_each_unit_is_a_packet() {
        let sent = |units: &[Vec<u8>]| -> Vec<Vec<u8>> {
            SingleUnits.payloads(&frame(units)).iter().map(|payload| payload.to_vec()).collect()
        };
        for units in [
            &[][..],
            &[unit(0x41, 1)],
            &[unit(0x41, MAX_PAYLOAD)],
            &[unit(0x67, 20), unit(0x68, 5), unit(0x06, 9), unit(0x65, 30), unit(0x65, MAX_PAYLOAD)],
        ] {
            assert_eq!(sent(units), units);
        }
        assert!(sent(&[unit(0x41, 5), unit(0x41, MAX_PAYLOAD + 1)]).is_empty(), "not a part of it");
    }

    fn join(payloads: &[&[u8]]) -> Result<(Vec<u8>, bool), MalformedError> {
        Depacketizer::default().join(&mut payloads.iter().copied()).map(|unit| (unit.data.to_vec(), unit.keyframe))
    }

    #[test]
    fn every_way_of_packing_is_undone() {
        for (payloads, expected) in [
            (&[&[0x41, 1, 2][..]][..], (vec![0, 0, 0, 1, 0x41, 1, 2], false)),
            (&[&[0x78, 0, 2, 0x67, 1, 0, 1, 0x65]], (vec![0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65], true)),
            (&[&[0x7c, 0x85, 1], &[], &[0x7c, 0x05, 2], &[0x7c, 0x45, 3]], (vec![0, 0, 0, 1, 0x65, 1, 2, 3], true)),
            (&[&[0x7c, 0xc5, 1]], (vec![0, 0, 0, 1, 0x65, 1], true)),
            (&[&[0x78, 0, 1, 0x67, 0, 0, 0, 1, 0x65, 0]], (vec![0, 0, 0, 1, 0x67, 0, 0, 0, 1, 0x65], true)),
        ] {
            assert_eq!(join(payloads), Ok(expected));
        }
    }

    #[test]
    fn parameter_sets_from_the_offer_or_the_last_ones_stand_in_for_those_that_are_missing() {
        let idr: &[u8] = &[0x65, 0x88, 1];
        let joined = |depacketizer: &mut Depacketizer, payloads: &[&[u8]]| {
            depacketizer.join(&mut payloads.iter().copied()).unwrap().data.to_vec()
        };
        let mut depacketizer = Depacketizer::default();
        assert!(!depacketizer.begins_keyframe(idr), "nothing is known");
        for wrong in ["", "sprop-parameter-sets", "sprop-parameter-sets=?,,QQ=="] {
            depacketizer.configure(wrong);
            assert!(!depacketizer.begins_keyframe(idr));
        }
        // 67 42 e0 1f, 68 ce
        depacketizer.configure("packetization-mode=1; sprop-parameter-sets=Z0LgHw==,aM4=");
        assert!(depacketizer.begins_keyframe(idr) && depacketizer.begins_keyframe(&[0x7c, 0x85, 0x88]));
        assert!(!depacketizer.begins_keyframe(&[0x65, 0x08]), "not its first slice");
        let sets = [0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0, 0, 0, 1, 0x68, 0xce];
        assert_eq!(joined(&mut depacketizer, &[idr]), [&sets[..], &[0, 0, 0, 1], idr].concat());
        assert_eq!(joined(&mut depacketizer, &[&[0x41, 1]]), [0, 0, 0, 1, 0x41, 1], "no keyframe");
        let own: [&[u8]; 3] = [&[0x67, 9], &[0x68, 8], idr];
        let whole = joined(&mut depacketizer, &own);
        assert_eq!(whole, [0, 0, 0, 1, 0x67, 9, 0, 0, 0, 1, 0x68, 8, 0, 0, 0, 1, 0x65, 0x88, 1]);
        assert_eq!(joined(&mut depacketizer, &[idr]), whole, "the last ones");
    }

    #[test]
    fn malformed_payloads_are_refused() {
        for payloads in [
            &[][..],
            &[&[][..]],
            &[&[0x00, 1]],
            &[&[0x1d, 1, 2, 3]],
            &[&[0x78]],
            &[&[0x78, 0]],
            &[&[0x78, 0, 0]],
            &[&[0x78, 0, 9, 1]],
            &[&[0x7c]],
            &[&[0x7c, 0x05, 1]],
            &[&[0x7c, 0x85, 1]],
            &[&[0x7c, 0x85, 1], &[0x41, 1]],
            &[&[0x7c, 0x85, 1], &[0x7c, 0x85, 1]],
        ] {
            assert_eq!(join(payloads), Err(MalformedError), "{payloads:x?}");
        }
    }

    #[test]
    fn a_keyframe_begins_with_parameter_sets() {
        let begins_keyframe = |payload: &[u8]| Depacketizer::default().begins_keyframe(payload);
        assert!(begins_keyframe(&[0x67, 1]));
        assert!(begins_keyframe(&[0x78, 0, 1, 0x09, 0, 2, 0x67, 1]));
        assert!(begins_keyframe(&[0x7c, 0x87, 1]));
        for payload in [&[][..], &[0x65], &[0x68], &[0x78], &[0x78, 0, 1, 0x68], &[0x78, 255, 255, 1], &[0x7c, 0x07, 1]]
        {
            assert!(!begins_keyframe(payload), "{payload:x?}");
        }
    }
}

//! H.264 in RTP (RFC 6184): single NAL units, STAP-A for the small ones before a picture, FU-A for the large ones.
//!
//! Received are packetization modes 0 and 1; mode 1 is sent.

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

/// Cuts access units into payloads.
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
pub struct Depacketizer;

impl super::Depacketizer for Depacketizer {
    /// Encoders put the parameter sets in front of a keyframe: with them a decoder can start.
    fn begins_keyframe(&self, payload: &[u8]) -> bool {
        match nal::kind(payload) {
            nal::SPS => true,
            STAP_A => aggregated_kinds(payload).any(|kind| kind == nal::SPS),
            FU_A => payload.get(1).is_some_and(|header| header & START != 0 && nal::kind(&[*header]) == nal::SPS),
            _ => false,
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
        Ok(AccessUnit { data: stream.data.freeze(), keyframe: stream.keyframe })
    }
}

/// The types of the units in a STAP-A, as far as it is well formed.
fn aggregated_kinds(payload: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = &payload[1..];
    std::iter::from_fn(move || {
        let [high, low, unit @ ..] = rest else { return None };
        let kind = nal::kind(unit.get(..1)?);
        rest = unit.get(usize::from(u16::from_be_bytes([*high, *low]))..).unwrap_or(&[]);
        Some(kind)
    })
}

/// The byte stream of one access unit, as far as its payloads were read.
#[derive(Default)]
struct Stream {
    data: BytesMut,
    /// An IDR slice is in it.
    keyframe: bool,
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
        annexb::append(&mut self.data, unit);
    }

    fn aggregate(&mut self, mut units: &[u8]) -> Result<(), MalformedError> {
        if units.is_empty() {
            return Err(MalformedError);
        }
        while !units.is_empty() {
            if units.len() < 2 {
                return Err(MalformedError);
            }
            let size = usize::from(units.get_u16());
            if size == 0 || size > units.len() {
                return Err(MalformedError);
            }
            self.unit(&units[..size]);
            units.advance(size);
        }
        Ok(())
    }

    fn fragment(&mut self, payload: &[u8]) -> Result<(), MalformedError> {
        let [indicator, header, part @ ..] = payload else { return Err(MalformedError) };
        let (start, end) = (header & START != 0, header & END != 0);
        if start == self.fragmented || start && end {
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

    fn join(payloads: &[&[u8]]) -> Result<(Vec<u8>, bool), MalformedError> {
        Depacketizer.join(&mut payloads.iter().copied()).map(|unit| (unit.data.to_vec(), unit.keyframe))
    }

    #[test]
    fn every_way_of_packing_is_undone() {
        for (payloads, expected) in [
            (&[&[0x41, 1, 2][..]][..], (vec![0, 0, 0, 1, 0x41, 1, 2], false)),
            (&[&[0x78, 0, 2, 0x67, 1, 0, 1, 0x65]], (vec![0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65], true)),
            (&[&[0x7c, 0x85, 1], &[], &[0x7c, 0x05, 2], &[0x7c, 0x45, 3]], (vec![0, 0, 0, 1, 0x65, 1, 2, 3], true)),
        ] {
            assert_eq!(join(payloads), Ok(expected));
        }
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
            &[&[0x7c, 0xc5, 1]],
            &[&[0x7c, 0x85, 1]],
            &[&[0x7c, 0x85, 1], &[0x41, 1]],
            &[&[0x7c, 0x85, 1], &[0x7c, 0x85, 1]],
        ] {
            assert_eq!(join(payloads), Err(MalformedError), "{payloads:x?}");
        }
    }

    #[test]
    fn a_keyframe_begins_with_parameter_sets() {
        let begins_keyframe = |payload: &[u8]| Depacketizer.begins_keyframe(payload);
        assert!(begins_keyframe(&[0x67, 1]));
        assert!(begins_keyframe(&[0x78, 0, 1, 0x09, 0, 2, 0x67, 1]));
        assert!(begins_keyframe(&[0x7c, 0x87, 1]));
        for payload in [&[][..], &[0x65], &[0x68], &[0x78], &[0x78, 0, 1, 0x68], &[0x78, 255, 255, 1], &[0x7c, 0x07, 1]]
        {
            assert!(!begins_keyframe(payload), "{payload:x?}");
        }
    }
}

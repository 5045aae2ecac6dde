//! Access units into RTP packets (RFC 6184): single NAL units, STAP-A for the small ones before a picture, FU-A for the large.

use bytes::{BufMut, Bytes, BytesMut};
use rtc::rtp;

use super::annexb::{self, nal};

/// Largest payload of a packet, bytes: with headers, encryption and a relay's wrapping it stays below 1280.
pub const MTU: usize = 1200;

/// Numbers the packets of one stream.
#[derive(Clone, Debug)]
pub struct Packetizer {
    payload_type: u8,
    ssrc: u32,
    sequence: u16,
}

impl Packetizer {
    /// A stream whose first packet has the number `sequence`.
    pub fn new(payload_type: u8, ssrc: u32, sequence: u16) -> Self {
        Self { payload_type, ssrc, sequence }
    }

    /// The packets of an access unit (Annex B), the last one marked. None when it holds no NAL unit.
    pub fn packets(&mut self, access_unit: &Bytes, timestamp: u32) -> Vec<rtp::Packet> {
        let payloads = payloads(access_unit);
        let last = payloads.len().wrapping_sub(1);
        let packet = |(index, payload)| {
            let header = rtp::Header {
                version: 2,
                marker: index == last,
                payload_type: self.payload_type,
                sequence_number: self.sequence,
                timestamp,
                ssrc: self.ssrc,
                ..rtp::Header::default()
            };
            self.sequence = self.sequence.wrapping_add(1);
            rtp::Packet { header, payload }
        };
        payloads.into_iter().enumerate().map(packet).collect()
    }
}

/// The payloads of an access unit (Annex B), in order.
pub fn payloads(access_unit: &Bytes) -> Vec<Bytes> {
    let mut payloads = Vec::with_capacity(access_unit.len() / MTU + 2);
    let mut small = Vec::new();
    for unit in annexb::units(access_unit) {
        let collects = matches!(nal::kind(unit[0]), nal::SEI..=nal::AUD);
        if collects && stap_size(&small) + 2 + unit.len() <= MTU {
            small.push(unit);
            continue;
        }
        flush(&mut small, &mut payloads);
        match unit.len() {
            0..=MTU => payloads.push(unit),
            _ => fragment(&unit, &mut payloads),
        }
    }
    flush(&mut small, &mut payloads);
    payloads
}

fn stap_size(units: &[Bytes]) -> usize {
    1 + units.iter().map(|unit| 2 + unit.len()).sum::<usize>()
}

/// Several small units go into one packet, a single one as it is.
fn flush(small: &mut Vec<Bytes>, payloads: &mut Vec<Bytes>) {
    if small.len() < 2 {
        payloads.append(small);
        return;
    }
    let mut payload = BytesMut::with_capacity(stap_size(small));
    let forbidden = small.iter().fold(0, |bits, unit| bits | unit[0] & 0x80);
    let importance = small.iter().map(|unit| unit[0] & 0x60).max().unwrap_or(0);
    payload.put_u8(forbidden | importance | nal::STAP_A);
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
    let parts = body.len().div_ceil(MTU - 2);
    let size = body.len().div_ceil(parts);
    let last = body.chunks(size).len() - 1;
    for (index, part) in body.chunks(size).enumerate() {
        let start = if index == 0 { 0x80 } else { 0 };
        let end = if index == last { 0x40 } else { 0 };
        let mut payload = BytesMut::with_capacity(part.len() + 2);
        payload.put_u8(header & 0xe0 | nal::FU_A);
        payload.put_u8(start | end | nal::kind(header));
        payload.put_slice(part);
        payloads.push(payload.freeze());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(header: u8, size: usize) -> Vec<u8> {
        let mut unit = vec![header];
        unit.resize(size, 0xab);
        unit
    }

    fn stream(units: &[Vec<u8>]) -> Bytes {
        let mut stream = BytesMut::new();
        for unit in units {
            annexb::append(&mut stream, unit);
        }
        stream.freeze()
    }

    #[test]
    fn sizes_decide_how_a_unit_is_packed() {
        let kinds = |units: &[Vec<u8>]| -> Vec<u8> {
            payloads(&stream(units)).iter().map(|payload| nal::kind(payload[0])).collect()
        };
        assert_eq!(kinds(&[]), [0u8; 0]);
        assert_eq!(kinds(&[unit(0x41, 1)]), [1]);
        assert_eq!(kinds(&[unit(0x41, MTU)]), [1]);
        assert_eq!(kinds(&[unit(0x41, MTU + 1)]), [nal::FU_A; 2]);
        assert_eq!(kinds(&[unit(0x67, 20), unit(0x68, 5), unit(0x65, 30)]), [nal::STAP_A, 5]);
        assert_eq!(kinds(&[unit(0x67, 20), unit(0x65, 3000)]), [7, nal::FU_A, nal::FU_A, nal::FU_A]);
        assert_eq!(kinds(&[unit(0x06, 800), unit(0x06, 800), unit(0x41, 9)]), [6, 6, 1]);
    }

    #[test]
    fn numbers_go_on_and_the_last_packet_is_marked() {
        let mut packetizer = Packetizer::new(102, 7, 65535);
        let first = packetizer.packets(&stream(&[unit(0x65, 2000)]), 90);
        let second = packetizer.packets(&stream(&[unit(0x41, 10)]), 180);
        let seen: Vec<_> = first
            .iter()
            .chain(&second)
            .map(|packet| (packet.header.sequence_number, packet.header.timestamp, packet.header.marker))
            .collect();
        assert_eq!(seen, [(65535, 90, false), (0, 90, true), (1, 180, true)]);
        assert!(first.iter().all(|packet| packet.header.payload_type == 102 && packet.header.ssrc == 7));
    }

    #[test]
    fn no_payload_is_larger_than_allowed() {
        for size in MTU - 3..MTU * 3 {
            assert!(payloads(&stream(&[unit(0x65, size)])).iter().all(|payload| payload.len() <= MTU), "{size}");
        }
    }
}

//! The packets of one outgoing stream.

use framebox_media::{Codec, EncodedFrame};
use rtc::rtp;

use crate::packet::{self, Packetizer};
use crate::sdp::VideoFormat;

/// Numbers the packets of one stream.
pub struct RtpStream {
    codec: Codec,
    packetizer: Box<dyn Packetizer>,
    payload_type: u8,
    ssrc: u32,
    /// Sequence number of the next packet.
    sequence: u16,
}

impl RtpStream {
    /// A stream of this codec whose first packet has the sequence number `sequence`, for a receiver that takes
    /// [fragments](Codec::fragments).
    pub fn new(codec: Codec, payload_type: u8, ssrc: u32, sequence: u16) -> Self {
        Self { codec, packetizer: packet::packetizer(codec, true), payload_type, ssrc, sequence }
    }

    /// The same for a receiver that takes what its format says.
    pub fn of_format(format: &VideoFormat, ssrc: u32, sequence: u16) -> Self {
        let packetizer = packet::packetizer(format.codec, format.fragments());
        Self { packetizer, ..Self::new(format.codec, format.payload_type, ssrc, sequence) }
    }

    /// The packets of a frame, the last one marked. There are none when the frame holds nothing to send, or is of another codec
    /// than the stream.
    pub fn packets(&mut self, frame: &EncodedFrame) -> Vec<rtp::Packet> {
        if frame.codec != self.codec {
            return Vec::new();
        }
        let payloads = self.packetizer.payloads(frame);
        let last = payloads.len().wrapping_sub(1);
        let packet = |(index, payload)| {
            let header = rtp::Header {
                version: 2,
                marker: index == last,
                payload_type: self.payload_type,
                sequence_number: self.sequence,
                timestamp: frame.rtp_timestamp,
                ssrc: self.ssrc,
                ..rtp::Header::default()
            };
            self.sequence = self.sequence.wrapping_add(1);
            rtp::Packet { header, payload }
        };
        payloads.into_iter().enumerate().map(packet).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;

    use super::*;

    fn frame(unit: &[u8], rtp_timestamp: u32) -> EncodedFrame {
        let data = Bytes::from([&[0, 0, 0, 1], unit].concat());
        EncodedFrame { codec: Codec::H264, data, keyframe: false, rtp_timestamp, captured: Instant::now() }
    }

    #[test]
    fn numbers_go_on_and_the_last_packet_is_marked() {
        let mut stream = RtpStream::new(Codec::H264, 102, 7, 65535);
        let first = stream.packets(&frame(&[0x65; 2000], 90));
        let second = stream.packets(&frame(&[0x41; 10], 180));
        let seen: Vec<_> = first
            .iter()
            .chain(&second)
            .map(|packet| (packet.header.sequence_number, packet.header.timestamp, packet.header.marker))
            .collect();
        assert_eq!(seen, [(65535, 90, false), (0, 90, true), (1, 180, true)]);
        assert!(first.iter().all(|packet| packet.header.payload_type == 102 && packet.header.ssrc == 7));
    }

    #[test]
    fn an_empty_frame_has_no_packets() {
        assert_eq!(RtpStream::new(Codec::H264, 102, 7, 0).packets(&frame(&[], 90)), []);
    }
}

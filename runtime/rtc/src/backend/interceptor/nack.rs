//! Asks the peer for lost packets.

use std::time::Instant;

use rtc::interceptor::{AttributedPacket, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc::shared::TransportContext;

use super::packet_handler::PacketHandler;
use crate::receive::NackGenerator;

/// Sends the requests of a [`NackGenerator`].
#[derive(Default)]
pub struct NackSender {
    generator: NackGenerator,
}

impl PacketHandler for NackSender {
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        if let Packet::Rtp(rtp) = &packet.message.packet {
            self.generator.received(packet.now, rtp.header.ssrc, rtp.header.sequence_number, &rtp.payload);
        }
        Some(packet)
    }

    fn due(&mut self, now: Instant) -> Vec<TaggedPacket> {
        let request = |(media_ssrc, sequences): (u32, Vec<u16>)| {
            let nacks = nack_pairs_from_sequence_numbers(&sequences);
            let nack = TransportLayerNack { sender_ssrc: media_ssrc ^ 1, media_ssrc, nacks };
            let message = AttributedPacket::new(Packet::Rtcp(vec![Box::new(nack)]));
            TaggedPacket { now, transport: TransportContext::default(), message }
        };
        self.generator.due(now).into_iter().map(request).collect()
    }

    fn deadline(&self) -> Option<Instant> {
        self.generator.deadline()
    }

    fn stream_added(&mut self, stream: &StreamInfo) {
        let is_nack = |typ: &str, parameter: &str| typ == "nack" && parameter.is_empty();
        if stream.rtcp_feedback.iter().any(|feedback| is_nack(&feedback.typ, &feedback.parameter)) {
            self.generator.add(stream.ssrc, stream.ssrc_rtx);
        }
    }

    fn stream_removed(&mut self, stream: &StreamInfo) {
        self.generator.remove(stream.ssrc);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use rtc::interceptor::RTCPFeedback;
    use rtc::rtp;

    use super::*;

    fn arrives(sender: &mut NackSender, now: Instant, ssrc: u32, sequence_number: u16, payload: &'static [u8]) {
        let header = rtp::Header { version: 2, ssrc, sequence_number, ..rtp::Header::default() };
        let packet = rtp::Packet { header, payload: Bytes::from_static(payload) };
        let message = AttributedPacket::new(Packet::Rtp(packet));
        let packet = sender.received(TaggedPacket { now, transport: TransportContext::default(), message });
        assert!(packet.is_some(), "every packet goes on");
    }

    fn asked(sender: &mut NackSender, now: Instant) -> Vec<u16> {
        let mut asked = Vec::new();
        for written in sender.due(now) {
            let Packet::Rtcp(packets) = written.message.packet else { panic!("only RTCP is sent") };
            for packet in packets {
                let nack = packet.as_any().downcast_ref::<TransportLayerNack>().unwrap();
                asked.extend(nack.nacks.iter().flat_map(|pair| pair.packet_list()));
            }
        }
        asked
    }

    #[test]
    fn a_retransmission_ends_the_requests() {
        let mut sender = NackSender::default();
        let feedback = vec![RTCPFeedback { typ: "nack".into(), parameter: String::new() }];
        let stream = StreamInfo { ssrc: 10, ssrc_rtx: Some(20), rtcp_feedback: feedback, ..StreamInfo::default() };
        sender.stream_added(&stream);
        sender.stream_added(&StreamInfo { ssrc: 20, ssrc_rtx: None, ..stream.clone() });
        let start = Instant::now();
        arrives(&mut sender, start, 10, 1, &[0x41]);
        arrives(&mut sender, start, 10, 4, &[0x41]);
        assert_eq!(asked(&mut sender, start + Duration::from_millis(10)), [2, 3]);
        // Retransmissions have sequence numbers of their own; gaps in them are not asked for.
        arrives(&mut sender, start, 20, 500, &[0, 2, 0x41]);
        arrives(&mut sender, start, 20, 600, &[]);
        assert_eq!(asked(&mut sender, start + Duration::from_millis(50)), [3]);
        arrives(&mut sender, start, 20, 601, &[0, 3, 0x41]);
        assert_eq!(asked(&mut sender, start + Duration::from_millis(100)), [0u16; 0]);
        assert_eq!(sender.deadline(), None);
    }
}

//! Asks for lost packets. Unlike the library's own generator it knows that a retransmission (RTX) heals a gap.

use std::collections::HashMap;
use std::time::Instant;

use rtc::interceptor::{AttributedPacket, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc::shared::TransportContext;

use super::hook::Hook;
use super::missing::Missing;

/// A link of the chain; belongs above the links that answer requests, below those that count arrivals.
#[derive(Default)]
pub struct Nack {
    /// Gaps by the stream's SSRC.
    streams: HashMap<u32, Missing>,
    /// The stream that a stream of retransmissions repairs.
    repairs: HashMap<u32, u32>,
}

impl Nack {
    /// The stream and number that a packet fills in.
    fn fills(&self, packet: &rtc::rtp::Packet) -> Option<(u32, u16)> {
        match self.repairs.get(&packet.header.ssrc) {
            None => Some((packet.header.ssrc, packet.header.sequence_number)),
            // RFC 4588: the original number comes first. Padding has none.
            Some(ssrc) => match packet.payload[..] {
                [high, low, ..] => Some((*ssrc, u16::from_be_bytes([high, low]))),
                _ => None,
            },
        }
    }
}

impl Hook for Nack {
    fn read(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        if let Packet::Rtp(rtp) = &packet.message.packet
            && let Some((ssrc, sequence)) = self.fills(rtp)
            && let Some(missing) = self.streams.get_mut(&ssrc)
        {
            missing.received(packet.now, sequence);
        }
        Some(packet)
    }

    fn tick(&mut self, now: Instant) -> Vec<TaggedPacket> {
        let ask = |(&media_ssrc, missing): (&u32, &mut Missing)| {
            let due = missing.due(now);
            (!due.is_empty()).then(|| {
                let nacks = nack_pairs_from_sequence_numbers(&due);
                let nack = TransportLayerNack { sender_ssrc: media_ssrc ^ 1, media_ssrc, nacks };
                let message = AttributedPacket::new(Packet::Rtcp(vec![Box::new(nack)]));
                TaggedPacket { now, transport: TransportContext::default(), message }
            })
        };
        self.streams.iter_mut().filter_map(ask).collect()
    }

    fn deadline(&self) -> Option<Instant> {
        self.streams.values().filter_map(Missing::deadline).min()
    }

    fn begins(&mut self, stream: &StreamInfo) {
        // A stream of retransmissions is announced as a stream too, after the one that it repairs.
        let answers =
            stream.rtcp_feedback.iter().any(|feedback| feedback.typ == "nack" && feedback.parameter.is_empty());
        if answers && !self.repairs.contains_key(&stream.ssrc) {
            self.streams.insert(stream.ssrc, Missing::default());
            if let Some(repair) = stream.ssrc_rtx {
                self.repairs.insert(repair, stream.ssrc);
            }
        }
    }

    fn ends(&mut self, stream: &StreamInfo) {
        self.streams.remove(&stream.ssrc);
        self.repairs.retain(|_, ssrc| *ssrc != stream.ssrc);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use rtc::interceptor::RTCPFeedback;
    use rtc::rtp;

    use super::*;

    fn arrives(nack: &mut Nack, now: Instant, ssrc: u32, sequence_number: u16, payload: &'static [u8]) {
        let header = rtp::Header { version: 2, ssrc, sequence_number, ..rtp::Header::default() };
        let packet = rtp::Packet { header, payload: Bytes::from_static(payload) };
        let message = AttributedPacket::new(Packet::Rtp(packet));
        let packet = nack.read(TaggedPacket { now, transport: TransportContext::default(), message });
        assert!(packet.is_some(), "nothing is held back");
    }

    fn asked(nack: &mut Nack, now: Instant) -> Vec<u16> {
        let mut asked = Vec::new();
        for written in nack.tick(now) {
            let Packet::Rtcp(packets) = written.message.packet else { panic!("only RTCP is written") };
            for packet in packets {
                let nack = packet.as_any().downcast_ref::<TransportLayerNack>().unwrap();
                asked.extend(nack.nacks.iter().flat_map(|pair| pair.packet_list()));
            }
        }
        asked
    }

    #[test]
    fn a_retransmission_ends_the_asking() {
        let mut nack = Nack::default();
        let feedback = vec![RTCPFeedback { typ: "nack".into(), parameter: String::new() }];
        let stream = StreamInfo { ssrc: 10, ssrc_rtx: Some(20), rtcp_feedback: feedback, ..StreamInfo::default() };
        nack.begins(&stream);
        nack.begins(&StreamInfo { ssrc: 20, ssrc_rtx: None, ..stream.clone() });
        let start = Instant::now();
        arrives(&mut nack, start, 10, 1, &[0x41]);
        arrives(&mut nack, start, 10, 4, &[0x41]);
        assert_eq!(asked(&mut nack, start + Duration::from_millis(10)), [2, 3]);
        // Retransmissions have numbers of their own, with gaps that nobody asks about.
        arrives(&mut nack, start, 20, 500, &[0, 2, 0x41]);
        arrives(&mut nack, start, 20, 600, &[]);
        assert_eq!(asked(&mut nack, start + Duration::from_millis(50)), [3]);
        arrives(&mut nack, start, 20, 601, &[0, 3, 0x41]);
        assert_eq!(asked(&mut nack, start + Duration::from_millis(100)), [0u16; 0]);
        assert_eq!(nack.deadline(), None);
    }
}

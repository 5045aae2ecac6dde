//! Asks for lost packets. Unlike the library's own generator it knows that a retransmission (RTX) heals a gap.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use rtc::interceptor::{AttributedPacket, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc::sansio::Protocol;
use rtc::shared::TransportContext;
use rtc::shared::error::Error;

use super::missing::Missing;

/// A link of the chain; belongs above the links that answer requests, below those that count arrivals.
#[derive(Default)]
pub struct Nack {
    /// Gaps by the stream's SSRC.
    streams: HashMap<u32, Missing>,
    /// The stream that a stream of retransmissions repairs.
    repairs: HashMap<u32, u32>,
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
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

impl Protocol<TaggedPacket, TaggedPacket, ()> for Nack {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(packet) = &msg.message.packet
            && let Some((ssrc, sequence)) = self.fills(packet)
            && let Some(missing) = self.streams.get_mut(&ssrc)
        {
            missing.received(msg.now, sequence);
        }
        self.reads.push_back(msg);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, msg: TaggedPacket) -> Result<(), Error> {
        self.writes.push_back(msg);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        for (&media_ssrc, missing) in &mut self.streams {
            let due = missing.due(now);
            if !due.is_empty() {
                let nacks = nack_pairs_from_sequence_numbers(&due);
                let nack = TransportLayerNack { sender_ssrc: media_ssrc ^ 1, media_ssrc, nacks };
                let message = AttributedPacket::new(Packet::Rtcp(vec![Box::new(nack)]));
                self.writes.push_back(TaggedPacket { now, transport: TransportContext::default(), message });
            }
        }
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.streams.values().filter_map(Missing::deadline).min()
    }
}

impl Interceptor for Nack {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}

    fn unbind_local_stream(&mut self, _: &StreamInfo) {}

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        // A stream of retransmissions is announced as a stream too, after the one that it repairs.
        let answers = info.rtcp_feedback.iter().any(|feedback| feedback.typ == "nack" && feedback.parameter.is_empty());
        if answers && !self.repairs.contains_key(&info.ssrc) {
            self.streams.insert(info.ssrc, Missing::default());
            if let Some(repair) = info.ssrc_rtx {
                self.repairs.insert(repair, info.ssrc);
            }
        }
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.streams.remove(&info.ssrc);
        self.repairs.retain(|_, ssrc| *ssrc != info.ssrc);
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
        nack.handle_read(TaggedPacket { now, transport: TransportContext::default(), message }).unwrap();
        assert!(nack.poll_read().is_some(), "nothing is held back");
    }

    fn asked(nack: &mut Nack, now: Instant) -> Vec<u16> {
        nack.handle_timeout(now).unwrap();
        let mut asked = Vec::new();
        while let Some(written) = nack.poll_write() {
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
        nack.bind_remote_stream(&stream);
        nack.bind_remote_stream(&StreamInfo { ssrc: 20, ssrc_rtx: None, ..stream.clone() });
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
        assert_eq!(nack.poll_timeout(), None);
    }
}

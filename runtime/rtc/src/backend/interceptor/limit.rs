//! Bounds the retransmissions that the peer can request.

use rtc::interceptor::{Packet, TaggedPacket};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

use super::packet_handler::PacketHandler;
use crate::send::RetransmissionLimiter;

/// Removes requests beyond the limit before they are answered.
#[derive(Default)]
pub struct NackLimiter {
    limiter: RetransmissionLimiter,
}

impl PacketHandler for NackLimiter {
    fn received(&mut self, mut packet: TaggedPacket) -> Option<TaggedPacket> {
        let now = packet.now;
        if let Packet::Rtcp(packets) = &mut packet.message.packet {
            packets.retain_mut(|packet| {
                let Some(nack) = packet.as_any().downcast_ref::<TransportLayerNack>() else { return true };
                let mut admitted = nack.clone();
                admitted.nacks.retain(|pair| self.limiter.admit(now, 1 + pair.lost_packets.count_ones()));
                let any = !admitted.nacks.is_empty();
                if admitted.nacks.len() < nack.nacks.len() {
                    *packet = Box::new(admitted);
                }
                any
            });
        }
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rtc::interceptor::AttributedPacket;
    use rtc::rtcp::transport_feedbacks::transport_layer_nack::NackPair;
    use rtc::shared::TransportContext;

    use super::*;

    /// How many packets are admitted of a request for `pairs` times 17.
    fn admitted(limiter: &mut NackLimiter, now: Instant, pairs: u16) -> usize {
        let nacks = (0..pairs).map(|at| NackPair { packet_id: at * 17, lost_packets: 0xffff }).collect();
        let nack = TransportLayerNack { sender_ssrc: 1, media_ssrc: 2, nacks };
        let message = AttributedPacket::new(Packet::Rtcp(vec![Box::new(nack)]));
        let request = TaggedPacket { now, transport: TransportContext::default(), message };
        let Some(Packet::Rtcp(packets)) = limiter.received(request).map(|packet| packet.message.packet) else {
            panic!("the packet does not go on")
        };
        let nacks = packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<TransportLayerNack>());
        nacks.flat_map(|nack| &nack.nacks).map(|pair| pair.packet_list().len()).sum()
    }

    #[test]
    fn requests_beyond_the_limit_are_removed() {
        let (start, mut limiter) = (Instant::now(), NackLimiter::default());
        assert_eq!(admitted(&mut limiter, start, 3), 51);
        assert_eq!(admitted(&mut limiter, start, 300), 340);
        assert_eq!(admitted(&mut limiter, start, 300), 0);
        assert_eq!(admitted(&mut limiter, start + Duration::from_millis(100), 300), 85);
        assert_eq!(admitted(&mut limiter, start + Duration::from_secs(100), 300), 391);
    }
}

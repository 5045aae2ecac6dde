//! Bounds what a viewer can have sent again: a request of one kilobyte can name thousands of packets.

use std::time::Instant;

use rtc::interceptor::{Packet, TaggedPacket};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;

use super::hook::Hook;

/// Packets that may be sent again in one go.
const BURST: f64 = 400.0;
/// Packets that may be sent again in a second, in the long run.
const PER_SECOND: f64 = 800.0;

/// A link of the chain; belongs below the one that answers the requests.
#[derive(Default)]
pub struct Resends {
    allowance: Allowance,
}

/// A bucket that fills with time.
#[derive(Debug, Default)]
struct Allowance {
    spent: f64,
    since: Option<Instant>,
}

impl Allowance {
    fn take(&mut self, now: Instant, packets: u32) -> bool {
        let elapsed = self.since.map_or(0.0, |since| now.saturating_duration_since(since).as_secs_f64());
        self.since = Some(now);
        self.spent = (self.spent - elapsed * PER_SECOND).max(0.0);
        let allowed = self.spent + f64::from(packets) <= BURST;
        if allowed {
            self.spent += f64::from(packets);
        }
        allowed
    }
}

impl Hook for Resends {
    fn read(&mut self, mut packet: TaggedPacket) -> Option<TaggedPacket> {
        let now = packet.now;
        if let Packet::Rtcp(packets) = &mut packet.message.packet {
            packets.retain_mut(|packet| {
                let Some(nack) = packet.as_any().downcast_ref::<TransportLayerNack>() else { return true };
                let mut kept = nack.clone();
                kept.nacks.retain(|pair| self.allowance.take(now, 1 + pair.lost_packets.count_ones()));
                let any = !kept.nacks.is_empty();
                if kept.nacks.len() < nack.nacks.len() {
                    *packet = Box::new(kept);
                }
                any
            });
        }
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rtc::interceptor::AttributedPacket;
    use rtc::rtcp::transport_feedbacks::transport_layer_nack::NackPair;
    use rtc::shared::TransportContext;

    use super::*;

    /// How many packets a request for `pairs` times 17 gets.
    fn granted(resends: &mut Resends, now: Instant, pairs: u16) -> usize {
        let nacks = (0..pairs).map(|at| NackPair { packet_id: at * 17, lost_packets: 0xffff }).collect();
        let nack = TransportLayerNack { sender_ssrc: 1, media_ssrc: 2, nacks };
        let message = AttributedPacket::new(Packet::Rtcp(vec![Box::new(nack)]));
        let request = TaggedPacket { now, transport: TransportContext::default(), message };
        let Some(Packet::Rtcp(packets)) = resends.read(request).map(|packet| packet.message.packet) else {
            panic!("it is held back")
        };
        let nacks = packets.iter().filter_map(|packet| packet.as_any().downcast_ref::<TransportLayerNack>());
        nacks.flat_map(|nack| &nack.nacks).map(|pair| pair.packet_list().len()).sum()
    }

    #[test]
    fn requests_beyond_reason_are_cut() {
        let (start, mut resends) = (Instant::now(), Resends::default());
        assert_eq!(granted(&mut resends, start, 3), 51);
        assert_eq!(granted(&mut resends, start, 300), 340);
        assert_eq!(granted(&mut resends, start, 300), 0);
        assert_eq!(granted(&mut resends, start + Duration::from_millis(100), 300), 85);
        assert_eq!(granted(&mut resends, start + Duration::from_secs(100), 300), 391);
    }
}

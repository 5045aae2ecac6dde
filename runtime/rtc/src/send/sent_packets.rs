//! Packets that were sent, for retransmission (RFC 4585 section 6.2.1) and for probes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rtc::rtp;

/// Packets that are kept at most.
const MAX_PACKETS: usize = 1500;
/// Payload that is kept at most, bytes.
const MAX_BYTES: usize = 2 << 20;
/// An older packet comes too late, whatever the path.
const MAX_AGE: Duration = Duration::from_secs(1);
/// Times that one packet is sent again.
const MAX_TRIES: u8 = 10;
/// Least time between two retransmissions of a packet.
const MIN_SPACING: Duration = Duration::from_millis(5);

#[derive(Debug)]
struct Sent {
    packet: rtp::Packet,
    at: Instant,
    tries: u8,
}

/// The packets since the last keyframe, by sequence number.
#[derive(Debug, Default)]
pub struct SentPackets {
    packets: VecDeque<Sent>,
    bytes: usize,
}

impl SentPackets {
    /// Keeps a packet. What was sent before a keyframe is not kept: no viewer needs it any more.
    pub fn push(&mut self, now: Instant, packet: rtp::Packet, begins_keyframe: bool) {
        let follows = self
            .packets
            .back()
            .is_none_or(|last| last.packet.header.sequence_number.wrapping_add(1) == packet.header.sequence_number);
        let is_other_frame = |last: &Sent| last.packet.header.timestamp != packet.header.timestamp;
        if !follows || (begins_keyframe && self.packets.back().is_some_and(is_other_frame)) {
            self.clear();
        }
        self.bytes += packet.payload.len();
        self.packets.push_back(Sent { packet, at: now, tries: 0 });
        while self.packets.len() > MAX_PACKETS
            || self.bytes > MAX_BYTES
            || self.packets.front().is_some_and(|first| now > first.at + MAX_AGE)
        {
            let Some(dropped) = self.packets.pop_front() else { return };
            self.bytes -= dropped.packet.payload.len();
        }
    }

    /// The packet with this sequence number, to be sent again. `None` when it is too old, was sent again less than a round trip
    /// ago, or too often.
    pub fn again(&mut self, now: Instant, sequence: u16, round_trip: Duration) -> Option<rtp::Packet> {
        let first = self.packets.front()?.packet.header.sequence_number;
        let sent = self.packets.get_mut(usize::from(sequence.wrapping_sub(first)))?;
        let spacing = round_trip.mul_f64(0.8).max(MIN_SPACING);
        let is_on_its_way = sent.tries > 0 && now < sent.at + spacing;
        if is_on_its_way || sent.tries >= MAX_TRIES || (sent.tries == 0 && now > sent.at + MAX_AGE) {
            return None;
        }
        sent.tries += 1;
        // The time of the last sending; the age limit is that of the first one, and packets go by it in `push`.
        sent.at = now;
        Some(sent.packet.clone())
    }

    /// The packet with this sequence number, as it was sent.
    pub fn get(&self, sequence: u16) -> Option<&rtp::Packet> {
        let first = self.packets.front()?.packet.header.sequence_number;
        self.packets.get(usize::from(sequence.wrapping_sub(first))).map(|sent| &sent.packet)
    }

    /// Size of the packet with this sequence number, bytes; 0 when it is not kept.
    pub fn bytes(&self, sequence: u16) -> usize {
        self.get(sequence).map_or(0, |packet| packet.payload.len())
    }

    /// Forgets everything: nothing of it is sent again.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.bytes = 0;
    }

    /// One of the newest packets, the `index`th from the end.
    pub fn recent(&self, index: usize) -> Option<&rtp::Packet> {
        let last = self.packets.len().checked_sub(1 + index)?;
        self.packets.get(last).map(|sent| &sent.packet)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn packet(sequence_number: u16) -> rtp::Packet {
        let timestamp = u32::from(sequence_number) * 3000;
        let header = rtp::Header { version: 2, sequence_number, timestamp, ..rtp::Header::default() };
        rtp::Packet { header, payload: Bytes::from_static(&[0; 1000]) }
    }

    #[test]
    fn packets_are_sent_again_once_a_round_trip_and_not_from_before_a_keyframe() {
        let (start, mut sent) = (Instant::now(), SentPackets::default());
        let at = |ms| start + Duration::from_millis(ms);
        let round_trip = Duration::from_millis(100);
        for (index, sequence) in (65_530..65_536).chain(0..4).enumerate() {
            sent.push(at(index as u64), packet(sequence as u16), false);
        }
        let mut again =
            |ms, sequence| sent.again(at(ms), sequence, round_trip).map(|packet| packet.header.sequence_number);
        assert_eq!(again(20, 2), Some(2));
        assert_eq!(again(40, 2), None, "it is on its way");
        assert_eq!(again(101, 2), Some(2));
        assert_eq!((again(102, 65_531), again(102, 9), again(102, 65_529)), (Some(65_531), None, None));
        assert_eq!(again(1200, 1), None, "too old");
        sent.push(at(200), packet(4), true);
        assert_eq!(sent.again(at(201), 3, round_trip), None);
        assert_eq!(sent.recent(0).map(|packet| packet.header.sequence_number), Some(4));
        assert_eq!(sent.recent(1), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (start, mut sent) = (Instant::now(), SentPackets::default());
        for sequence in 0..5000u16 {
            sent.push(start, packet(sequence), false);
        }
        assert_eq!(sent.packets.len(), MAX_PACKETS);
        sent.push(start + 2 * MAX_AGE, packet(5000), false);
        assert_eq!((sent.packets.len(), sent.bytes), (1, 1000));
    }
}

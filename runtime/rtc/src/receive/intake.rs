//! From the packets of a connection to those of its video. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::assembler::Packet;
use super::gaps::Gaps;
use super::selector::{Class, Selector};

/// An RTP packet that arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Its source.
    pub ssrc: u32,
    /// Its format.
    pub payload_type: u8,
    /// The rest of it.
    pub packet: Packet,
}

/// What arrived.
#[derive(Clone, Debug)]
pub enum Taken {
    /// The first packet of a source that is received from here on.
    Begins(Packet),
    /// A packet of the video.
    Packet(Packet),
    /// Nothing of use: padding, a layer that is not taken, a packet that was not missing.
    Nothing,
    /// A packet in no format that was negotiated.
    Foreign,
}

/// Selects the video of a connection, asks for its packets that are missing, and unwraps those that are sent again.
#[derive(Debug)]
pub struct Intake {
    selector: Selector,
    gaps: Gaps,
    /// Whether the peer sends again what it is asked for.
    repairs: bool,
}

impl Intake {
    /// The intake of a connection with these payload types.
    pub fn new(payload_type: u8, retransmission: Option<u8>, repairs: bool) -> Self {
        Self { selector: Selector::new(payload_type, retransmission), gaps: Gaps::default(), repairs }
    }

    /// Handles a packet that arrived.
    pub fn received(&mut self, now: Instant, arrival: Arrival) -> Taken {
        let Arrival { ssrc, payload_type, mut packet } = arrival;
        match self.selector.classify(now, ssrc, payload_type, packet.payload.len()) {
            Class::Begins => {
                self.gaps.restart();
                self.gaps.received(now, packet.sequence, packet.timestamp);
                Taken::Begins(packet)
            }
            Class::Video => {
                self.gaps.received(now, packet.sequence, packet.timestamp);
                Taken::Packet(packet)
            }
            Class::Retransmission => {
                // The original sequence number comes first (RFC 4588 section 4); padding has none.
                let Some((&[high, low], _)) = packet.payload.split_first_chunk::<2>() else { return Taken::Nothing };
                packet.sequence = u16::from_be_bytes([high, low]);
                packet.payload = packet.payload.slice(2..);
                if self.gaps.repaired(now, packet.sequence) { Taken::Packet(packet) } else { Taken::Nothing }
            }
            Class::Other => Taken::Nothing,
            Class::Foreign => Taken::Foreign,
        }
    }

    /// The source that is received, and the sequence numbers to ask it for now.
    pub fn due(&mut self, now: Instant) -> Option<(u32, Vec<u16>)> {
        let ssrc = self.selector.ssrc().filter(|_| self.repairs)?;
        Some((ssrc, self.gaps.due(now))).filter(|(_, sequences)| !sequences.is_empty())
    }

    /// When [`Self::due`] has to be called next; `None` when nothing is missing.
    pub fn deadline(&self) -> Option<Instant> {
        self.gaps.deadline().filter(|_| self.repairs)
    }

    /// The source that is received, once there is one.
    pub fn ssrc(&self) -> Option<u32> {
        self.selector.ssrc()
    }

    /// How long packets wait on their way to this side.
    pub fn queued(&self) -> Duration {
        self.gaps.queued()
    }

    /// Packets that were lost, since the beginning.
    pub fn lost(&self) -> u64 {
        self.gaps.lost()
    }

    /// How long a frame should wait for packets that are missing.
    pub fn patience(&self, now: Instant) -> Duration {
        self.gaps.patience(now)
    }
}

impl Arrival {
    /// A packet of these parts.
    pub fn new(ssrc: u32, payload_type: u8, sequence: u16, timestamp: u32, marker: bool, payload: Bytes) -> Self {
        Self { ssrc, payload_type, packet: Packet { sequence, timestamp, marker, payload } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(ssrc: u32, payload_type: u8, sequence: u16, payload: &'static [u8]) -> Arrival {
        Arrival::new(ssrc, payload_type, sequence, 0, false, Bytes::from_static(payload))
    }

    #[test]
    fn retransmissions_of_any_source_fill_the_gaps_and_padding_none() {
        let (start, mut intake) = (Instant::now(), Intake::new(102, Some(103), true));
        let at = |ms| start + Duration::from_millis(ms);
        let mut receive = |ms, arrival| match intake.received(at(ms), arrival) {
            Taken::Begins(packet) => (true, Some(packet.sequence), intake.due(at(ms))),
            Taken::Packet(packet) => (false, Some(packet.sequence), intake.due(at(ms))),
            Taken::Nothing | Taken::Foreign => (false, None, intake.due(at(ms))),
        };
        assert_eq!(receive(0, arrival(20, 103, 7, &[0, 1, 0x41])), (false, None, None), "nothing to repair");
        assert_eq!(receive(0, arrival(10, 102, 1, &[0x41])), (true, Some(1), None));
        assert_eq!(receive(0, arrival(10, 102, 4, &[0x41])), (false, Some(4), None));
        assert_eq!(receive(9, arrival(11, 111, 4, &[0x41])), (false, None, Some((10, vec![2, 3]))));
        assert_eq!(receive(20, arrival(21, 103, 500, &[0, 2, 0x41])), (false, Some(2), None));
        assert_eq!(receive(20, arrival(21, 103, 501, &[0])), (false, None, None));
        assert_eq!(receive(20, arrival(21, 103, 502, &[0, 2, 0x41])), (false, None, None), "each once");
        assert_eq!(receive(20, arrival(21, 103, 503, &[9, 9, 0x41])), (false, None, None), "of another stream");
        assert_eq!(receive(200, arrival(21, 103, 504, &[0, 3, 0x41])), (false, Some(3), None));
        assert_eq!(intake.deadline(), None);
    }

    #[test]
    fn a_source_that_takes_the_place_of_another_has_numbers_of_its_own() {
        let (start, mut intake) = (Instant::now(), Intake::new(102, None, true));
        let later = start + Duration::from_millis(500);
        intake.received(start, arrival(1, 102, 10, &[0x41]));
        assert!(matches!(intake.received(later, arrival(2, 102, 30_000, &[0x41])), Taken::Begins(_)));
        assert_eq!((intake.ssrc(), intake.deadline()), (Some(2), None));
    }

    #[test]
    fn nothing_is_asked_of_a_peer_that_does_not_send_again() {
        let (start, mut intake) = (Instant::now(), Intake::new(102, None, false));
        intake.received(start, arrival(1, 102, 1, &[0x41]));
        intake.received(start, arrival(1, 102, 3, &[0x41]));
        assert_eq!((intake.due(start + Duration::from_secs(1)), intake.deadline()), (None, None));
    }
}

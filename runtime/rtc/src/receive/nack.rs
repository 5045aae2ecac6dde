//! Decides which packets the peer is asked for, over all its streams. Has no clock: `now` is an argument.
//!
//! Unlike the RTP library's own generator it knows that a retransmission (RTX, RFC 4588) fills a gap.

use std::collections::HashMap;
use std::time::Instant;

use super::gaps::Gaps;

/// The gaps of a peer's streams.
#[derive(Debug, Default)]
pub struct NackGenerator {
    /// Gaps by the stream's SSRC.
    streams: HashMap<u32, Gaps>,
    /// SSRC of a stream of retransmissions → SSRC of the stream that it repairs.
    repairs: HashMap<u32, u32>,
}

impl NackGenerator {
    /// Adds a stream, with the SSRC of its retransmissions. A stream of retransmissions is no stream of its own, also when it
    /// is added after the stream that it repairs.
    pub fn add(&mut self, ssrc: u32, retransmissions: Option<u32>) {
        if self.repairs.contains_key(&ssrc) {
            return;
        }
        self.streams.insert(ssrc, Gaps::default());
        if let Some(retransmissions) = retransmissions {
            self.repairs.insert(retransmissions, ssrc);
        }
    }

    /// Removes a stream.
    pub fn remove(&mut self, ssrc: u32) {
        self.streams.remove(&ssrc);
        self.repairs.retain(|_, repaired| *repaired != ssrc);
    }

    /// Notes a packet that arrived.
    pub fn received(&mut self, now: Instant, ssrc: u32, sequence: u16, payload: &[u8]) {
        let (ssrc, sequence) = match self.repairs.get(&ssrc) {
            None => (ssrc, sequence),
            // The original sequence number comes first. Padding has none.
            Some(repaired) => match payload {
                [high, low, ..] => (*repaired, u16::from_be_bytes([*high, *low])),
                _ => return,
            },
        };
        if let Some(gaps) = self.streams.get_mut(&ssrc) {
            gaps.received(now, sequence);
        }
    }

    /// The sequence numbers to ask for now: for each SSRC at least one, in order.
    pub fn due(&mut self, now: Instant) -> Vec<(u32, Vec<u16>)> {
        let due = self.streams.iter_mut().map(|(ssrc, gaps)| (*ssrc, gaps.due(now)));
        due.filter(|(_, sequences)| !sequences.is_empty()).collect()
    }

    /// When [`Self::due`] has to be called next; `None` when nothing is missing.
    pub fn deadline(&self) -> Option<Instant> {
        self.streams.values().filter_map(Gaps::deadline).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn retransmissions_fill_the_gaps_of_the_stream_that_they_repair() {
        let (start, mut generator) = (Instant::now(), NackGenerator::default());
        let at = |ms| start + Duration::from_millis(ms);
        generator.add(10, Some(20));
        generator.add(20, None);
        generator.received(start, 10, 1, &[0x41]);
        generator.received(start, 10, 4, &[0x41]);
        assert_eq!(generator.due(at(10)), [(10, vec![2, 3])]);
        // Retransmissions have sequence numbers of their own; gaps in them are not asked for.
        generator.received(start, 20, 500, &[0, 2, 0x41]);
        generator.received(start, 20, 600, &[]);
        assert_eq!(generator.due(at(50)), [(10, vec![3])]);
        generator.received(start, 20, 601, &[0, 3, 0x41]);
        assert_eq!(generator.due(at(100)), []);
        assert_eq!(generator.deadline(), None);
    }

    #[test]
    fn streams_are_apart_and_can_be_removed() {
        let (start, mut generator) = (Instant::now(), NackGenerator::default());
        let later = start + Duration::from_millis(10);
        generator.add(1, Some(3));
        generator.add(2, None);
        for (ssrc, sequence) in [(1, 7), (2, 900), (1, 8), (2, 902), (4, 5), (4, 9)] {
            generator.received(start, ssrc, sequence, &[0x41]);
        }
        assert_eq!(generator.due(later), [(2, vec![901])], "nothing is known of stream 4");
        generator.remove(2);
        assert_eq!(generator.deadline(), None);
        generator.remove(1);
        generator.received(start, 3, 1, &[0, 20, 0x41]);
        assert_eq!(generator.deadline(), None);
    }
}

//! How much of each kind one connection may send. What exceeds it is dropped before the RTP library sees it.

use std::time::Instant;

use super::datagram::{self, Kind};
use super::token_bucket::TokenBucket;

/// Sources (SSRCs) of one peer: its video, retransmissions and feedback, and those that it changes to. The library keeps a
/// state for each one that it sees.
pub const MAX_SOURCES: usize = 16;
/// Bytes of handshakes in the life of a connection, and of anything encrypted before the handshake is complete. A handshake
/// has some 10 KB; the library keeps what arrives too early, and every message of a handshake.
pub const MAX_HANDSHAKE_BYTES: usize = 256 * 1024;
/// Connectivity checks and their answers, a second. The library remembers each check that it sends in return.
const CHECKS: u32 = 100;
/// Datagrams of feedback, a second.
const FEEDBACK: u32 = 500;
/// Datagrams of the data channel, a second.
const MESSAGES: u32 = 5_000;
/// Datagrams of media, a second: some 90 Mb/s.
const MEDIA: u32 = 10_000;

/// What one connection may send.
#[derive(Debug)]
pub struct InboundLimits {
    connected: bool,
    handshake_bytes: usize,
    sources: Vec<u32>,
    checks: TokenBucket,
    feedback: TokenBucket,
    messages: TokenBucket,
    media: TokenBucket,
    dropped: u64,
}

impl Default for InboundLimits {
    fn default() -> Self {
        Self {
            connected: false,
            handshake_bytes: 0,
            sources: Vec::new(),
            checks: TokenBucket::new(CHECKS),
            feedback: TokenBucket::new(FEEDBACK),
            messages: TokenBucket::new(MESSAGES),
            media: TokenBucket::new(MEDIA),
            dropped: 0,
        }
    }
}

impl InboundLimits {
    /// The handshake is complete.
    pub fn connected(&mut self) {
        self.connected = true;
    }

    /// Returns whether a datagram is read.
    pub fn admit(&mut self, now: Instant, datagram: &[u8]) -> bool {
        let admitted = match Kind::of(datagram) {
            Kind::Stun => self.checks.admit(now),
            Kind::Dtls => self.admit_dtls(datagram) && self.messages.admit(now),
            Kind::Rtp(source) => self.admit_source(source) && self.media.admit(now),
            Kind::Rtcp(source) => self.admit_source(source) && self.feedback.admit(now),
            Kind::TurnData | Kind::Unknown => false,
        };
        self.dropped += u64::from(!admitted);
        admitted
    }

    /// Returns whether a datagram is media of a source from which some was read before.
    pub fn is_familiar(&self, datagram: &[u8]) -> bool {
        Kind::of(datagram).source().is_some_and(|source| self.sources.contains(&source))
    }

    /// Returns whether data is read that a TURN server of ours passes on, with its frame.
    pub fn admit_relayed(&mut self, now: Instant, datagram: &[u8]) -> bool {
        match (Kind::of(datagram), datagram.get(4..)) {
            (Kind::TurnData, Some(data)) => self.admit(now, data),
            // Messages of the server itself, and data before a channel is bound.
            _ => self.media.admit(now),
        }
    }

    /// Datagrams that were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn admit_dtls(&mut self, datagram: &[u8]) -> bool {
        let counted = if self.connected { datagram::handshake_bytes(datagram) } else { datagram.len() };
        let has_room = self.handshake_bytes + counted <= MAX_HANDSHAKE_BYTES;
        if has_room {
            self.handshake_bytes += counted;
        }
        has_room
    }

    fn admit_source(&mut self, source: u32) -> bool {
        let known = self.sources.contains(&source);
        if !known && self.sources.len() < MAX_SOURCES {
            self.sources.push(source);
            return true;
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rtp(source: u32) -> Vec<u8> {
        [&[0x80, 96, 0, 1, 0, 0, 0, 2][..], &source.to_be_bytes(), &[0; 100]].concat()
    }

    fn rtcp(source: u32) -> Vec<u8> {
        [&[0x80, 201, 0, 1][..], &source.to_be_bytes()].concat()
    }

    fn dtls(kind: u8, length: u16) -> Vec<u8> {
        [&[kind, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1][..], &length.to_be_bytes(), &vec![0; length.into()]].concat()
    }

    #[test]
    fn a_peer_has_few_sources_and_those_that_it_has_go_on() {
        let (now, mut limits) = (Instant::now(), InboundLimits::default());
        let admitted = (0..5_000).filter(|source| limits.admit(now, &rtp(*source))).count();
        assert_eq!(admitted, MAX_SOURCES);
        assert!(!limits.admit(now, &rtcp(77)) && limits.admit(now, &rtcp(3)) && limits.admit(now, &rtp(0)));
        assert_eq!(limits.dropped(), 5_000 - MAX_SOURCES as u64 + 1);
    }

    #[test]
    fn handshakes_are_bounded_and_messages_are_not() {
        let (start, mut limits) = (Instant::now(), InboundLimits::default());
        let (handshake, message) = (dtls(22, 1000), dtls(23, 1000));
        let all = |limits: &mut InboundLimits, now, datagram: &[u8]| {
            (0..1000).filter(|_| limits.admit(now, datagram)).count()
        };
        // What is encrypted before the handshake is complete waits for it.
        assert_eq!(all(&mut limits, start, &message), MAX_HANDSHAKE_BYTES / 1013);
        assert!(all(&mut limits, start, &handshake) == 0);
        limits.connected();
        assert_eq!(all(&mut limits, start, &message), 1000);
        assert_eq!(all(&mut limits, start + Duration::from_secs(5), &handshake), 0, "a renegotiation gets nothing new");
        assert_eq!(all(&mut limits, start + Duration::from_secs(5), &message), 1000);
    }

    #[test]
    fn floods_are_reduced_to_a_rate_each() {
        let (start, mut limits) = (Instant::now(), InboundLimits::default());
        limits.connected();
        let check = [0u8; 20];
        for (datagram, rate) in
            [(&check[..], CHECKS), (&rtcp(1), FEEDBACK), (&dtls(23, 10), MESSAGES), (&rtp(1), MEDIA)]
        {
            let mut admitted = 0;
            for millisecond in 0..1000 {
                let now = start + Duration::from_millis(millisecond);
                admitted += (0..100).filter(|_| limits.admit(now, datagram)).count();
            }
            assert!((rate as usize..=2 * rate as usize).contains(&admitted), "{admitted} of {rate}");
        }
        for nothing in [&b"GET / HTTP/1.1"[..], &[], &[0x40, 0, 0, 0]] {
            assert!(!limits.admit(start, nothing));
        }
    }

    #[test]
    fn what_a_turn_server_passes_on_is_counted_alike() {
        let (now, mut limits) = (Instant::now(), InboundLimits::default());
        let relayed = |source| [&[0x40, 1, 0, 112][..], &rtp(source)].concat();
        assert_eq!((0..100).filter(|source| limits.admit_relayed(now, &relayed(*source))).count(), MAX_SOURCES);
        assert!(limits.admit_relayed(now, &[0; 20]), "an answer of the server");
    }
}

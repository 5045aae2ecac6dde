//! What a peer wants to send by its offer, before it is answered.

use std::collections::BTreeSet;

use super::section::{self, Section};
use crate::Error;

/// What a peer wants to send, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Audio tracks.
    pub audio: usize,
    /// Video tracks.
    pub video: usize,
    /// Streams that these are named to be of (`a=msid`, RFC 8830); 1 where nothing is named.
    pub streams: usize,
}

impl Outline {
    /// Counts what the sections of an offer are to send.
    ///
    /// # Errors
    /// [`Error::Offer`] when it is no description of a session with media.
    pub fn read(offer: &str) -> Result<Self, Error> {
        let (session, sections) = section::split(offer)?;
        let sends = |section: &&Section| section.is_rtp() && !section.is_declined() && section.directions(&session).0;
        let of = |kind: &str| {
            sections.iter().filter(sends).filter(|section| section.kind.eq_ignore_ascii_case(kind)).count()
        };
        // A track that is of no stream is named `-`.
        let stream =
            |section: &'_ Section<'_>| section.value("msid")?.split_ascii_whitespace().next().map(str::to_owned);
        let streams: BTreeSet<String> = sections.iter().filter(sends).filter_map(stream).collect();
        Ok(Self { audio: of("audio"), video: of("video"), streams: streams.len().max(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_and_streams_that_are_sent_are_counted() {
        let section = |kind: &str, port, more: &str| format!("m={kind} {port} UDP/TLS/RTP/SAVPF 96\r\n{more}");
        let (first, second) = ("a=sendonly\r\na=msid:a x\r\n", "a=sendonly\r\na=msid:b y\r\n");
        for (sections, audio, video, streams) in [
            (section("audio", 9, first) + &section("video", 9, first), 1, 1, 1),
            (section("audio", 9, first) + &section("video", 9, second), 1, 1, 2),
            (section("video", 9, first) + &section("VIDEO", 0, "a=bundle-only\r\na=sendrecv\r\n"), 0, 2, 1),
            (section("video", 9, "") + &section("video", 0, first) + &section("video", 9, "a=recvonly\r\n"), 0, 1, 1),
            ("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n".to_owned(), 0, 0, 1),
        ] {
            let read = Outline::read(&format!("v=0\r\ns=-\r\n{sections}")).unwrap();
            assert_eq!(read, Outline { audio, video, streams }, "{sections}");
        }
        assert!(matches!(Outline::read("hello"), Err(Error::Offer(_))));
    }
}

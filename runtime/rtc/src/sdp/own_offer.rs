//! An offer of this side's own, for a viewer whose offer it cannot answer (draft-ietf-wish-whep section 4.3).

use std::fmt::Write;

use framebox_media::Codec;

use super::write::{PLAYOUT_DELAY, TRANSPORT_CC};

/// Feedback that this side understands (`a=rtcp-fb`).
const FEEDBACK: [&str; 5] = ["nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"];
/// Name of the media section.
const MID: &str = "0";

/// What an offer of this side says of its transport and its streams.
#[derive(Clone, Copy, Debug)]
pub struct OwnOffer<'a> {
    /// Codecs, the preferred one first.
    pub codecs: &'a [Codec],
    /// User name fragment of ICE.
    pub ufrag: &'a str,
    /// Password of ICE.
    pub password: &'a str,
    /// Hash of the certificate, `sha-256 …`.
    pub fingerprint: &'a str,
    /// Sources of the pictures and of their retransmissions.
    pub sources: (u32, u32),
    /// Lines of candidates, `a=candidate:…`.
    pub candidates: &'a str,
}

/// Payload types of a codec and of its retransmissions, and its format parameters.
const fn format(codec: Codec) -> (u8, u8, &'static str) {
    match codec {
        Codec::H264 => (102, 103, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
        Codec::Vp8 => (96, 97, ""),
    }
}

impl OwnOffer<'_> {
    /// Writes the offer: one video section, on which this side sends in any of the codecs.
    ///
    /// It is that of an ICE lite agent (RFC 8445 section 2.5), which leaves the choice of a path to the peer.
    pub fn write(&self) -> String {
        let Self { codecs, ufrag, password, fingerprint, sources: (pictures, retransmissions), candidates } = self;
        let mut out = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {MID}\r\na=ice-lite\r\n\
             a=extmap-allow-mixed\r\na=msid-semantic:WMS framebox\r\nm=video 9 UDP/TLS/RTP/SAVPF"
        );
        for codec in *codecs {
            let (payload_type, retransmission, _) = format(*codec);
            let _ = write!(out, " {payload_type} {retransmission}");
        }
        let _ = write!(
            out,
            "\r\nc=IN IP4 0.0.0.0\r\na=mid:{MID}\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\na=ice-options:trickle\r\n\
             a=fingerprint:{fingerprint}\r\na=setup:actpass\r\na=sendonly\r\na=msid:framebox video\r\na=rtcp-mux\r\n\
             a=rtcp-mux-only\r\na=rtcp-rsize\r\n"
        );
        for (id, uri) in [(1, TRANSPORT_CC), (2, PLAYOUT_DELAY)] {
            let _ = write!(out, "a=extmap:{id} {uri}\r\n");
        }
        for codec in *codecs {
            let (payload_type, retransmission, parameters) = format(*codec);
            let rtp = codec.rtp_format();
            let (name, clock_rate) = (rtp.encoding_name, rtp.clock_rate);
            let _ = write!(out, "a=rtpmap:{payload_type} {name}/{clock_rate}\r\n");
            if !parameters.is_empty() {
                let _ = write!(out, "a=fmtp:{payload_type} {parameters}\r\n");
            }
            for feedback in FEEDBACK {
                let _ = write!(out, "a=rtcp-fb:{payload_type} {feedback}\r\n");
            }
            let _ = write!(
                out,
                "a=rtpmap:{retransmission} rtx/{clock_rate}\r\na=fmtp:{retransmission} apt={payload_type}\r\n"
            );
        }
        let _ = write!(
            out,
            "a=ssrc-group:FID {pictures} {retransmissions}\r\na=ssrc:{pictures} cname:framebox\r\n\
             a=ssrc:{retransmissions} cname:framebox\r\n{candidates}a=end-of-candidates\r\n"
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Direction;
    use crate::sdp::{Offer, VideoFormat};

    #[test]
    fn it_has_each_codec_as_this_side_would_choose_it() {
        let offer = OwnOffer {
            codecs: &Codec::ALL,
            ufrag: "abcdefgh",
            password: "0123456789012345678901",
            fingerprint: "sha-256 AA:BB",
            sources: (7, 9),
            candidates: "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n",
        };
        let written = offer.write();
        for codec in Codec::available() {
            // As a peer's, it can be answered.
            let read = Offer::read_with(&written, Direction::ReceiveOnly, &[codec]).unwrap();
            let VideoFormat { payload_type, retransmission, feedback, .. } = read.video;
            assert_eq!((payload_type, retransmission), (format(codec).0, Some(format(codec).1)));
            assert_eq!((feedback.len(), read.transport_cc, read.candidates.len()), (FEEDBACK.len(), Some(1), 1));
        }
        for line in ["a=ice-lite", "a=sendonly", "a=setup:actpass", "a=rtcp-mux-only", "a=ssrc-group:FID 7 9"] {
            assert!(written.lines().any(|one| one == line), "{line} in {written}");
        }
    }
}

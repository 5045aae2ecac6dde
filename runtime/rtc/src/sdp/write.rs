//! The descriptions that are written: the reduced offer for the RTP library, and what of the answer is not the library's.

use std::fmt::Write;

use super::format::VideoFormat;
use super::section::Section;
use crate::Error;

/// Header extension that feeds the sender's congestion control.
pub const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Header extension that tells a viewer how long to hold frames (webrtc.org's `playout-delay`).
pub const PLAYOUT_DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

/// Who begins with DTLS (RFC 4145 section 4); what stands in place of another word comes first. An offer has the first one (RFC 8842
/// section 5.2).
const SETUPS: [&str; 3] = ["actpass", "active", "passive"];

/// Longest credential or fingerprint, bytes.
const MAX_VALUE: usize = 256;

/// The hash function of fingerprints.
const FINGERPRINT: &str = "sha-256";

/// Writes what stands before the media sections.
pub fn session(out: &mut String, mids: &[String], ice_lite: bool) {
    out.push_str("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
    for mid in mids {
        let _ = write!(out, " {mid}");
    }
    out.push_str("\r\na=extmap-allow-mixed\r\na=msid-semantic:WMS *\r\n");
    if ice_lite {
        out.push_str("a=ice-lite\r\n");
    }
}

/// The number of the header extension for transport-wide congestion control in a section, if it has it.
pub fn transport_cc(section: &Section) -> Option<u8> {
    extension(section, TRANSPORT_CC)
}

fn extension(section: &Section, uri: &str) -> Option<u8> {
    section.values("extmap").find_map(|extension| {
        let mut words = extension.split_ascii_whitespace();
        let id = words.next().and_then(|id| id.split('/').next()).and_then(|id| id.parse::<u8>().ok());
        id.filter(|id| matches!(id, 1..=14) && words.next() == Some(uri))
    })
}

/// Writes a video section with the chosen format alone, on which the peer sends, receives, or both.
pub fn video(out: &mut String, section: &Section, format: &VideoFormat, (sends, receives): (bool, bool)) {
    let VideoFormat { codec, payload_type, retransmission, parameters, feedback } = format;
    let rtp = codec.rtp_format();
    let (encoding_name, clock_rate) = (rtp.encoding_name, rtp.clock_rate);
    let _ = write!(out, "m=video 9 UDP/TLS/RTP/SAVPF {payload_type}");
    if let Some(retransmission) = retransmission {
        let _ = write!(out, " {retransmission}");
    }
    let _ = write!(
        out,
        "\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:{payload_type} {encoding_name}/{clock_rate}\r\n"
    );
    if !parameters.is_empty() {
        let _ = write!(out, "a=fmtp:{payload_type} {parameters}\r\n");
    }
    for feedback in feedback {
        let _ = write!(out, "a=rtcp-fb:{payload_type} {feedback}\r\n");
    }
    if let Some(retransmission) = retransmission {
        let _ =
            write!(out, "a=rtpmap:{retransmission} rtx/{clock_rate}\r\na=fmtp:{retransmission} apt={payload_type}\r\n");
    }
    for uri in [TRANSPORT_CC, PLAYOUT_DELAY] {
        if let Some(id) = extension(section, uri) {
            let _ = write!(out, "a=extmap:{id} {uri}\r\n");
        }
    }
    out.push_str(match (sends, receives) {
        (true, true) => "a=sendrecv\r\n",
        (false, _) => "a=recvonly\r\n",
        (true, false) => "a=sendonly\r\n",
    });
    if sends {
        out.push_str("a=msid:remote video\r\n");
        sources(out, section, retransmission.is_some());
    }
}

/// Writes the SSRCs of the peer's stream and of its retransmissions.
fn sources(out: &mut String, section: &Section, retransmits: bool) {
    let number = |text: &str| text.parse::<u32>().ok().filter(|ssrc| *ssrc != 0);
    let pair = section.values("ssrc-group").find_map(|group| {
        let mut words = group.strip_prefix("FID ")?.split_ascii_whitespace();
        Some((number(words.next()?)?, number(words.next()?)?))
    });
    let first = || section.values("ssrc").find_map(|ssrc| number(ssrc.split(' ').next()?));
    match pair {
        Some((ssrc, retransmission)) if retransmits && ssrc != retransmission => {
            let _ = write!(
                out,
                "a=ssrc-group:FID {ssrc} {retransmission}\r\na=ssrc:{ssrc} cname:remote\r\na=ssrc:{retransmission} cname:remote\r\n"
            );
        }
        _ => {
            if let Some(ssrc) = pair.map(|(ssrc, _)| ssrc).or_else(first) {
                let _ = write!(out, "a=ssrc:{ssrc} cname:remote\r\n");
            }
        }
    }
}

/// Writes the section of the data channel.
pub fn channel(out: &mut String, section: &Section) {
    let number = |name, default: u32| section.value(name).and_then(|value| value.parse().ok()).unwrap_or(default);
    let early = section.formats.first().filter(|_| section.is_early_channel()).and_then(|port| port.parse().ok());
    let port = early.unwrap_or_else(|| number("sctp-port", 5000));
    let size = number("max-message-size", 65_536);
    let _ = write!(
        out,
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=sctp-port:{port}\r\na=max-message-size:{size}\r\n"
    );
}

/// Returns whether it may be a user name fragment or a password of ICE (RFC 8839 section 5.4), or what strange libraries take for one.
pub fn is_credential(value: &str) -> bool {
    is_of(value, "+/-_")
}

fn is_of(value: &str, allowed: &str) -> bool {
    (1..=MAX_VALUE).contains(&value.len())
        && value.chars().all(|one| one.is_ascii_alphanumeric() || allowed.contains(one))
}

/// The credentials of the peer's transport.
pub struct Transport<'a> {
    fragment: &'a str,
    password: &'a str,
    fingerprint: String,
    setup: &'a str,
}

impl<'a> Transport<'a> {
    /// Reads the credentials of the video section: its own ones, those of the section whose transport it shares, or those of the
    /// session, in this order.
    ///
    /// # Errors
    /// [`Error::Offer`] when one of them is missing or has characters that it may not have.
    pub fn read(video: &Section<'a>, tagged: &Section<'a>, session: &Section<'a>) -> Result<Self, Error> {
        let places = [video, tagged, session];
        let value = |name: &'static str| places.iter().find_map(|section| section.value(name));
        let missing = |name: &str| Error::Offer(format!("it has no valid a={name}"));
        let find = |name: &'static str| value(name).filter(|value| is_credential(value)).ok_or_else(|| missing(name));
        let (fragment, password) = (find("ice-ufrag")?, find("ice-pwd")?);
        // One in a hash function that is known is enough (RFC 8122 section 5); the library knows one.
        let all =
            || places.iter().flat_map(|section| section.values("fingerprint")).filter(|value| is_of(value, "-: "));
        let known = all().find_map(|value| {
            let (function, digest) = value.split_once(' ')?;
            function.eq_ignore_ascii_case(FINGERPRINT).then(|| format!("{FINGERPRINT} {}", digest.trim()))
        });
        let fingerprint = known.ok_or_else(|| match all().next() {
            Some(_) => Error::Offer(format!("it has no a=fingerprint:{FINGERPRINT}")),
            None => missing("fingerprint"),
        })?;
        let setup = value("setup").filter(|setup| SETUPS.contains(setup)).unwrap_or(SETUPS[0]);
        Ok(Self { fragment, password, fingerprint, setup })
    }

    /// The role of this side that the peer's own one leaves (RFC 5763 section 5); `None` when it leaves both.
    pub fn role(&self) -> Option<&'static str> {
        match self.setup {
            "active" => Some("passive"),
            "passive" => Some("active"),
            _ => None,
        }
    }

    /// Writes the name of a section, and the credentials, which are the same for all.
    pub fn write(&self, out: &mut String, mid: &str) {
        let Self { fragment, password, fingerprint, setup } = self;
        let _ = write!(
            out,
            "a=mid:{mid}\r\na=ice-ufrag:{fragment}\r\na=ice-pwd:{password}\r\na=ice-options:trickle\r\na=fingerprint:{fingerprint}\r\na=setup:{setup}\r\n"
        );
    }
}

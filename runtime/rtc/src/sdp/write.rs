//! The descriptions that are written: the reduced offer for the RTP library, and what of the answer is not the library's.

use std::fmt::Write;

use super::format::VideoFormat;
use super::section::Section;
use crate::{Direction, Error};

/// Header extension that feeds the sender's congestion control.
const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Who begins with DTLS (RFC 4145 section 4); what stands in place of another word comes first. An offer has the first one (RFC 8842
/// section 5.2).
const SETUPS: [&str; 3] = ["actpass", "active", "passive"];

/// Writes what stands before the media sections.
pub fn session(out: &mut String, mids: &[&str], ice_lite: bool) {
    out.push_str("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE");
    for mid in mids {
        let _ = write!(out, " {mid}");
    }
    out.push_str("\r\na=extmap-allow-mixed\r\na=msid-semantic:WMS *\r\n");
    if ice_lite {
        out.push_str("a=ice-lite\r\n");
    }
}

/// Writes the video section with the chosen format alone.
pub fn video(out: &mut String, section: &Section, format: &VideoFormat, direction: Direction) {
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
    for extension in section.values("extmap") {
        let mut words = extension.split_ascii_whitespace();
        let id = words.next().and_then(|id| id.split('/').next()).and_then(|id| id.parse::<u8>().ok());
        if let (Some(id @ 1..=14), Some(TRANSPORT_CC)) = (id, words.next()) {
            let _ = write!(out, "a=extmap:{id} {TRANSPORT_CC}\r\n");
            break;
        }
    }
    // As the peer sees it.
    out.push_str(match direction {
        Direction::SendReceive => "a=sendrecv\r\n",
        Direction::SendOnly => "a=recvonly\r\n",
        Direction::ReceiveOnly => "a=sendonly\r\n",
    });
    if direction.receives() {
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
    let (port, size) = (number("sctp-port", 5000), number("max-message-size", 65_536));
    let _ = write!(
        out,
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=sctp-port:{port}\r\na=max-message-size:{size}\r\n"
    );
}

/// Writes the name and the credentials of a section; bundled sections share those of the video.
///
/// # Errors
/// [`Error::Offer`] when one of them is missing or has characters that it may not have.
pub fn transport(out: &mut String, section: &Section, video: &Section, session: &Section) -> Result<(), Error> {
    let value = |name: &'static str| video.value(name).or_else(|| session.value(name));
    let find = |name: &'static str, allowed: &str, longest: usize| {
        value(name)
            .filter(|value| (1..=longest).contains(&value.len()))
            .filter(|value| value.chars().all(|one| one.is_ascii_alphanumeric() || allowed.contains(one)))
            .ok_or_else(|| Error::Offer(format!("it has no valid a={name}")))
    };
    let fingerprint = find("fingerprint", "-: ", 256)?;
    let setup = value("setup").filter(|setup| SETUPS.contains(setup)).unwrap_or(SETUPS[0]);
    let (fragment, password) = (find("ice-ufrag", "+/-_", 256)?, find("ice-pwd", "+/-_", 256)?);
    let _ = write!(
        out,
        "a=mid:{}\r\na=ice-ufrag:{fragment}\r\na=ice-pwd:{password}\r\na=ice-options:trickle\r\na=fingerprint:{fingerprint}\r\na=setup:{setup}\r\n",
        section.mid()?
    );
    Ok(())
}

/// The answer's section for one of the offer that is declined.
pub fn declined(section: &Section) -> String {
    let Section { kind, protocol, formats, .. } = section;
    let format = formats.first().copied().unwrap_or("0");
    let mut out = format!("m={kind} 0 {protocol} {format}\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
    if let Ok(mid) = section.mid() {
        let _ = write!(out, "a=mid:{mid}\r\n");
    }
    out
}

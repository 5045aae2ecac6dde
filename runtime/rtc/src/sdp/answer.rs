//! From the RTP library's answer to the answer for the peer.

use std::fmt::Write;

use super::section::Section;

/// Attributes that describe the transport; sections that share one have the same.
const TRANSPORT: [&str; 7] =
    ["ice-ufrag", "ice-pwd", "ice-options", "fingerprint", "setup", "candidate", "end-of-candidates"];

/// RTCP goes over the port of RTP (RFC 5761).
const MUX: &str = "a=rtcp-mux\r\n";
/// It can go over no other (RFC 8858); WHIP and WHEP want it in each section of a bundle.
const MUX_ONLY: &str = "a=rtcp-mux-only\r\n";

/// Candidates may come after the offer (RFC 8838 section 3).
pub const TRICKLE: &str = "a=ice-options:trickle\r\n";
/// Header extensions of both forms may be mixed (RFC 8285 section 6).
pub const MIXED: &str = "a=extmap-allow-mixed\r\n";

/// How a section of the offer is answered.
#[derive(Clone, Debug)]
pub enum Plan {
    /// By the library's next section.
    Accepted {
        /// What stands for the protocol and, where it is not the library's, for the formats.
        protocol: String,
        /// Whether the peer names the section.
        named: bool,
    },
    /// By the library's next section, in the form that data channels had before RFC 8841.
    EarlyChannel {
        /// Whether the peer names the section.
        named: bool,
    },
    /// Without media, but with the transport of the others: the peer's bundle rests on it.
    Inactive(String),
    /// Not at all.
    Declined(String),
}

impl Plan {
    /// The plan for a section that the library answers.
    pub fn accepted(section: &Section) -> Self {
        let named = section.value("mid").is_some();
        match section.is_rtp() || section.is_channel() {
            true if section.is_early_channel() => Self::EarlyChannel { named },
            _ => Self::Accepted { protocol: section.protocol.to_owned(), named },
        }
    }

    /// The plan for a section that nothing is sent on, though it stays: the library knows nothing of it.
    pub fn inactive(section: &Section) -> Self {
        let Section { kind, protocol, formats, .. } = section;
        let format = formats.first().copied().unwrap_or("0");
        let mut out = format!("m={kind} 9 {protocol} {format}\r\nc=IN IP4 0.0.0.0\r\n{MUX}{MUX_ONLY}a=inactive\r\n");
        if let Some(encoding) = section.values_of("rtpmap", format).next() {
            let _ = write!(out, "a=rtpmap:{format} {encoding}\r\n");
        }
        if let Some(mid) = section.value("mid") {
            let _ = write!(out, "a=mid:{mid}\r\n");
        }
        Self::Inactive(out)
    }

    /// The plan for a section that is declined.
    pub fn declined(section: &Section) -> Self {
        let Section { kind, protocol, formats, .. } = section;
        let format = formats.first().copied().unwrap_or("0");
        let mut out = format!("m={kind} 0 {protocol} {format}\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n");
        if let Ok(Some(mid)) = section.mid() {
            let _ = write!(out, "a=mid:{mid}\r\n");
        }
        Self::Declined(out)
    }
}

/// Joins the library's answer with what is planned; `None` when the two do not fit together.
///
/// `bundle` is the group of the answer, the section first whose transport the others use; `mirrored` what the session says because
/// the offer says it; `setup` who begins with DTLS, where the offer does not leave it open.
pub fn join(
    plans: &[Plan],
    reduced: &str,
    bundle: &[String],
    mirrored: &[&str],
    setup: Option<&str>,
) -> Option<String> {
    let mut parts = reduced.split_inclusive('\n').fold(vec![String::new()], |mut parts, line| {
        if line.starts_with("m=") {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut().filter(|_| !is_own(line)) {
            match setup.filter(|_| line.starts_with("a=setup:")) {
                Some(setup) => {
                    let _ = write!(part, "a=setup:{setup}\r\n");
                }
                None => part.push_str(line),
            }
        }
        parts
    });
    let sections = parts.split_off(1);
    let mut answer = parts.pop()?;
    if !bundle.is_empty() {
        let _ = write!(answer, "a=group:BUNDLE {}\r\n", bundle.join(" "));
    }
    answer.extend(mirrored.iter().copied());
    let transport: String = sections.first()?.split_inclusive('\n').filter(|line| is_transport(line)).collect();
    let mut accepted = sections.into_iter();
    for plan in plans {
        match plan {
            Plan::Declined(section) => answer.push_str(section),
            Plan::Inactive(section) => answer.extend([section.as_str(), &transport]),
            Plan::Accepted { protocol, named } => {
                let section = accepted.next()?;
                let fitted =
                    fit(&section, *named, |kind, port, formats| format!("m={kind} {port} {protocol} {formats}"))?;
                match bundle.is_empty() || fitted.contains(MUX_ONLY) {
                    true => answer.push_str(&fitted),
                    false => answer.push_str(&fitted.replacen(MUX, &[MUX, MUX_ONLY].concat(), 1)),
                }
            }
            Plan::EarlyChannel { named } => {
                let section = accepted.next()?;
                let sctp_port = section.lines().find_map(|line| line.strip_prefix("a=sctp-port:")).unwrap_or("5000");
                let fitted = fit(&section, *named, |kind, port, _| format!("m={kind} {port} DTLS/SCTP {sctp_port}"))?;
                let early = format!("a=sctpmap:{sctp_port} webrtc-datachannel 256\r\n");
                answer.push_str(&fitted.replace(&format!("a=sctp-port:{sctp_port}\r\n"), &early));
            }
        }
    }
    accepted.next().is_none().then_some(answer)
}

/// A section of the library with another first line, and without a name where the peer has none; `None` when it is declined.
fn fit(section: &str, named: bool, first: impl Fn(&str, &str, &str) -> String) -> Option<String> {
    let (line, rest) = section.split_once('\n')?;
    let mut words = line.trim_end().strip_prefix("m=")?.splitn(4, ' ');
    let (kind, port, _protocol, formats) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if port == "0" {
        return None;
    }
    let mut fitted = first(kind, port, formats) + "\r\n";
    fitted.extend(rest.split_inclusive('\n').filter(|line| named || !line.starts_with("a=mid:")));
    Some(fitted)
}

/// Returns whether a line of the library's is written here, if at all.
fn is_own(line: &str) -> bool {
    ["a=group:BUNDLE", TRICKLE, MIXED].iter().any(|own| line.starts_with(own))
}

fn is_transport(line: &str) -> bool {
    let name = line.strip_prefix("a=").and_then(|attribute| attribute.split(':').next()).unwrap_or_default();
    TRANSPORT.contains(&name.trim_end())
}

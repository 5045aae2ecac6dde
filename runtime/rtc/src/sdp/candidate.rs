//! Candidates of a peer: which are used, which are passed over, which are malformed.

use std::net::{IpAddr, SocketAddr};

use crate::Error;
use crate::path::is_forbidden;

/// Candidates of one peer that are checked at most.
pub const MAX_CANDIDATES: usize = 8;
/// Candidates that one peer may name after its offer; those beyond [`MAX_CANDIDATES`] are passed over.
pub const MAX_OFFERED: usize = 32;
/// Longest candidate, bytes.
const MAX_LENGTH: usize = 512;

/// A candidate as a browser gives it to its page (`RTCIceCandidateInit`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// `candidate:…` or what follows that word; empty at the end of candidates.
    pub candidate: String,
    /// The media section that it belongs to, by name. It has no effect: all sections share one transport.
    pub sdp_mid: Option<String>,
    /// The media section that it belongs to, by number. It has no effect either.
    pub sdp_m_line_index: Option<u16>,
}

/// Reads a candidate and returns it without `candidate:`; `None` when it is not used: names, which are never resolved,
/// addresses that are [forbidden](is_forbidden), TCP, the end of candidates.
///
/// # Errors
/// [`Error::Candidate`] when it is malformed.
pub fn usable(text: &str) -> Result<Option<&str>, Error> {
    let wrong = |what: &str| Error::Candidate(what.to_owned());
    let text = text.trim();
    let text = text.strip_prefix("a=").unwrap_or(text);
    let text = text.strip_prefix("candidate:").unwrap_or(text).trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > MAX_LENGTH || !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Err(wrong("it is too long or has strange characters"));
    }
    let tokens: Vec<&str> = text.split(' ').filter(|token| !token.is_empty()).collect();
    let [_foundation, component, protocol, priority, address, port, "typ", kind, ..] = tokens[..] else {
        return Err(wrong("it must be `candidate:FOUNDATION COMPONENT PROTOCOL PRIORITY ADDRESS PORT typ TYPE`"));
    };
    let component: u16 = component.parse().map_err(|_| wrong("the component is not a number"))?;
    priority.parse::<u32>().map_err(|_| wrong("the priority is not a number"))?;
    let port: u16 = port.parse().map_err(|_| wrong("the port is not a number"))?;
    if !matches!(kind, "host" | "srflx" | "prflx" | "relay") {
        return Err(wrong("its type is not known"));
    }
    // Browsers hide their address behind a name ending in .local; their connectivity checks arrive all the same.
    let reachable = address.parse::<IpAddr>().is_ok_and(|ip| !is_forbidden(SocketAddr::new(ip, port)));
    let used = reachable && component == 1 && protocol.eq_ignore_ascii_case("udp");
    Ok(used.then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_of_browsers_are_understood() {
        for (text, used) in [
            ("", false),
            ("candidate:", false),
            ("candidate:1 1 UDP 2122252543 192.168.1.7 51234 typ host", true),
            ("a=candidate:1 1 udp 2122252543 192.168.1.7 51234 typ host\r\n", true),
            ("1 1 udp 2122252543 2001:db8::1 51234 typ host generation 0 ufrag x network-id 1", true),
            ("candidate:2 1 udp 1 1.2.3.4 5000 typ srflx raddr 0.0.0.0 rport 0", true),
            ("candidate:2 1 udp 1 127.0.0.1 5000 typ host", false),
            ("candidate:2 1 udp 1 169.254.169.254 5000 typ host", false),
            ("candidate:2 1 udp 1 1.2.3.4 53 typ host", false),
            ("candidate:2 1 udp 1 metadata.internal 5000 typ host", false),
            ("candidate:3 1 udp 1 8e3f0000-1111-2222-3333-444444444444.local 5 typ host", false),
            ("candidate:4 1 tcp 1518 192.168.1.7 9 typ host tcptype active", false),
            ("candidate:5 2 udp 1 192.168.1.7 5000 typ host", false),
            ("candidate:6 1 udp 1 0.0.0.0 5000 typ host", false),
        ] {
            assert_eq!(usable(text).unwrap().is_some(), used, "{text}");
        }
    }

    #[test]
    fn malformed_candidates_are_refused() {
        for text in [
            "nonsense",
            "candidate:1 1 udp 1 192.168.1.7 5",
            "candidate:1 x udp 1 192.168.1.7 5 typ host",
            "candidate:1 1 udp -1 192.168.1.7 5 typ host",
            "candidate:1 1 udp 1 192.168.1.7 99999 typ host",
            "candidate:1 1 udp 1 192.168.1.7 5 typ moon",
            "candidate:1 1 udp 1 192.168.1.7 5 typ host\r\na=evil",
            &format!("candidate:1 1 udp 1 192.168.1.7 5 typ host {}", "x".repeat(MAX_LENGTH)),
        ] {
            assert!(matches!(usable(text), Err(Error::Candidate(_))), "{text}");
        }
    }
}

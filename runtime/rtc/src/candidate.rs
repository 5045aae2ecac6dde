//! Candidates of a peer: what is used, what is passed over, what is wrong.

use std::net::IpAddr;

use super::Error;

/// Candidates of one peer that are used; a peer has a handful.
pub const MOST: usize = 32;
/// Longest candidate, bytes.
const LONGEST: usize = 512;

/// A candidate as browsers give it to their page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// `candidate:…` or what follows that word; empty: there are no more.
    pub candidate: String,
    /// The media section that it belongs to. All sections share one path, so it does not matter.
    pub sdp_mid: Option<String>,
    /// The same as a number.
    pub sdp_m_line_index: Option<u16>,
}

/// The candidate to use, without `candidate:`; `None` when it is of no use here: names that only the peer's own network
/// knows, TCP, the end of candidates.
///
/// # Errors
/// [`Error::Candidate`] when it is no candidate.
pub fn usable(text: &str) -> Result<Option<&str>, Error> {
    let wrong = |what: &str| Error::Candidate(what.to_owned());
    let text = text.trim();
    let text = text.strip_prefix("a=").unwrap_or(text);
    let text = text.strip_prefix("candidate:").unwrap_or(text).trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > LONGEST || !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
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
    // Names ending in .local are a browser's way to hide its address; its checks reach us all the same.
    let reachable = address.parse::<IpAddr>().is_ok_and(|ip| !ip.is_unspecified() && !ip.is_multicast());
    let used = reachable && port != 0 && component == 1 && protocol.eq_ignore_ascii_case("udp");
    Ok(used.then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_of_every_browser_are_understood() {
        for (text, used) in [
            ("", false),
            ("candidate:", false),
            ("candidate:1 1 UDP 2122252543 192.168.1.7 51234 typ host", true),
            ("a=candidate:1 1 udp 2122252543 192.168.1.7 51234 typ host\r\n", true),
            ("1 1 udp 2122252543 ::1 51234 typ host generation 0 ufrag x network-id 1", true),
            ("candidate:2 1 udp 1 1.2.3.4 5 typ srflx raddr 0.0.0.0 rport 0", true),
            ("candidate:3 1 udp 1 8e3f0000-1111-2222-3333-444444444444.local 5 typ host", false),
            ("candidate:4 1 tcp 1518 192.168.1.7 9 typ host tcptype active", false),
            ("candidate:5 2 udp 1 192.168.1.7 5 typ host", false),
            ("candidate:6 1 udp 1 0.0.0.0 5 typ host", false),
        ] {
            assert_eq!(usable(text).unwrap().is_some(), used, "{text}");
        }
    }

    #[test]
    fn what_is_no_candidate_is_refused() {
        for text in [
            "nonsense",
            "candidate:1 1 udp 1 192.168.1.7 5",
            "candidate:1 x udp 1 192.168.1.7 5 typ host",
            "candidate:1 1 udp -1 192.168.1.7 5 typ host",
            "candidate:1 1 udp 1 192.168.1.7 99999 typ host",
            "candidate:1 1 udp 1 192.168.1.7 5 typ moon",
            "candidate:1 1 udp 1 192.168.1.7 5 typ host\r\na=evil",
            &format!("candidate:1 1 udp 1 192.168.1.7 5 typ host {}", "x".repeat(LONGEST)),
        ] {
            assert!(matches!(usable(text), Err(Error::Candidate(_))), "{text}");
        }
    }
}

//! Fragments of session descriptions, by which ICE goes on without another offer (RFC 8840 section 9, RFC 9725 section 4.3).

use std::fmt::Write;

use super::candidate;
use super::section::{self, MAX_LENGTH, MAX_SECTIONS, Section};
use super::write::is_credential;
use crate::Error;

/// Media type of fragments (RFC 8840 section 10).
pub const MEDIA_TYPE: &str = "application/trickle-ice-sdpfrag";

/// A fragment that a peer sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Credentials of its ICE session, where it names them: the user name fragment and the password.
    pub credentials: Option<(String, String)>,
    /// Name of the media section that it is for.
    pub mid: Option<String>,
    /// Candidates that can be checked, without `candidate:`; [`candidate::MAX_OFFERED`] at most.
    pub candidates: Vec<String>,
    /// Whether no more candidates follow.
    pub end_of_candidates: bool,
    /// Its length, bytes.
    pub bytes: usize,
}

impl Fragment {
    /// Reads a fragment. Candidates that are not used are passed over, as in an offer.
    ///
    /// # Errors
    /// [`Error::Fragment`] when it is malformed or has nothing of ICE, [`Error::Candidate`] when a candidate is malformed.
    pub fn read(text: &str) -> Result<Self, Error> {
        let wrong = |what: &str| Error::Fragment(what.to_owned());
        if text.len() > MAX_LENGTH {
            return Err(wrong("it is too long"));
        }
        if !text.lines().map(str::trim).all(|line| line.is_empty() || is_line(line)) {
            return Err(wrong("it is not SDP: each line must be an attribute (a=…) or begin a media section (m=…)"));
        }
        let (session, sections) = section::parse(text).map_err(wrong)?;
        if sections.len() > MAX_SECTIONS {
            return Err(wrong("it has too many media sections"));
        }
        let mids = sections.iter().map(Section::mid).collect::<Result<Vec<_>, _>>();
        let mids = mids.map_err(|_| wrong("the name of a media section (a=mid) is none"))?;
        let places = || [&session].into_iter().chain(&sections);
        let value = |name: &'static str| places().find_map(|place| place.value(name));
        let credentials = match (value("ice-ufrag"), value("ice-pwd")) {
            (None, None) => None,
            (Some(ufrag), Some(password)) if is_credential(ufrag) && is_credential(password) => {
                Some((ufrag.to_owned(), password.to_owned()))
            }
            _ => return Err(wrong("a=ice-ufrag and a=ice-pwd must both be there, and be valid")),
        };
        let mut candidates = Vec::new();
        let (mut is_empty, end_of_candidates) =
            (credentials.is_none(), places().any(|place| place.has("end-of-candidates")));
        for one in places().flat_map(|place| place.values("candidate")) {
            is_empty = false;
            if let Some(usable) = candidate::usable(one)?.filter(|_| candidates.len() < candidate::MAX_OFFERED) {
                candidates.push(usable.to_owned());
            }
        }
        if is_empty && !end_of_candidates {
            return Err(wrong("it has neither credentials nor candidates"));
        }
        let mid = mids.into_iter().flatten().next().map(str::to_owned);
        Ok(Self { credentials, mid, candidates, end_of_candidates, bytes: text.len() })
    }

    /// Writes what an answer of this side says of ICE.
    pub fn of_answer(answer: &str) -> String {
        let mut out = String::new();
        let Ok((session, sections)) = section::parse(answer) else { return out };
        let bundle = session.values("group").find(|group| group.starts_with("BUNDLE "));
        // All sections have one transport. It is described in the first one of the group.
        let tagged = bundle.and_then(|bundle| bundle.split_ascii_whitespace().nth(1));
        let is_tagged = |section: &&Section| tagged.is_some() && section.value("mid") == tagged;
        let section = sections.iter().find(is_tagged).or_else(|| sections.iter().find(|one| !one.is_declined()));
        let Some(section) = section else { return out };
        let find = |name| section.value(name).or_else(|| session.value(name));
        if session.has("ice-lite") {
            out.push_str("a=ice-lite\r\n");
        }
        if let Some(options) = find("ice-options") {
            let _ = write!(out, "a=ice-options:{options}\r\n");
        }
        if let Some(bundle) = bundle {
            let _ = write!(out, "a=group:{bundle}\r\n");
        }
        let _ = write!(out, "m={} 9 {} {}\r\n", section.kind, section.protocol, section.formats.join(" "));
        for name in ["mid", "ice-ufrag", "ice-pwd"] {
            if let Some(value) = find(name) {
                let _ = write!(out, "a={name}:{value}\r\n");
            }
        }
        for candidate in section.values("candidate") {
            let _ = write!(out, "a=candidate:{candidate}\r\n");
        }
        if section.has("end-of-candidates") {
            out.push_str("a=end-of-candidates\r\n");
        }
        out
    }
}

/// Returns whether it has the form of a line of SDP (RFC 8866 section 5).
fn is_line(line: &str) -> bool {
    let mut bytes = line.bytes();
    bytes.next().is_some_and(|letter| letter.is_ascii_lowercase()) && bytes.next() == Some(b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9725 section 4.3.2.
    const TRICKLED: &str = "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\n\
        a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n\
        a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n\
        a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host generation 0 ufrag EsAw network-id 2\r\n\
        a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0 ufrag EsAw network-id 1\r\n\
        a=end-of-candidates\r\n";

    #[test]
    fn fragments_are_read_as_rfc_9725_shows_them() {
        let read = Fragment::read(TRICKLED).unwrap();
        assert_eq!(read.credentials, Some(("EsAw".into(), "P2uYro0UCOQ4zxjKXaWCBui1".into())));
        assert_eq!((read.mid.as_deref(), read.end_of_candidates), (Some("0"), true));
        assert_eq!(read.candidates.len(), 2, "TCP is passed over: {read:?}");
        assert!(read.candidates[0].starts_with("1387637174 1 udp "));
        let other = TRICKLED.replace("\r\n", "\n").replace("a=end-of-candidates\n", "\n");
        assert_eq!(Fragment::read(&other).unwrap(), Fragment { end_of_candidates: false, bytes: other.len(), ..read });
    }

    #[test]
    fn what_a_fragment_may_leave_out_is_left_out() {
        for (text, candidates, is_end) in [
            ("a=end-of-candidates", 0, true),
            ("a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n", 1, false),
            (
                "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=candidate:1 1 udp 1 some.local 5000 typ host\r\n",
                0,
                false,
            ),
            (
                "v=0\r\ns=-\r\na=ice-options:trickle\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n",
                0,
                false,
            ),
        ] {
            let read = Fragment::read(text).unwrap();
            assert_eq!((read.candidates.len(), read.end_of_candidates), (candidates, is_end), "{text}");
        }
        let many = "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n".repeat(200);
        assert_eq!(Fragment::read(&many).unwrap().candidates.len(), candidate::MAX_OFFERED);
    }

    #[test]
    fn malformed_fragments_are_refused_with_the_reason() {
        for (text, words) in [
            (String::new(), "neither"),
            ("a=ice-options:trickle\r\n".into(), "neither"),
            ("{\"candidate\": \"candidate:1\"}".into(), "not SDP"),
            ("a=end-of-candidates\r\nhello\r\n".into(), "not SDP"),
            ("a=ice-ufrag:abcd\r\n".into(), "both"),
            ("a=ice-ufrag:abcd\r\na=ice-pwd:a b\r\n".into(), "both"),
            ("a=ice-ufrag:abcd\r\na=ice-pwd:\u{7}\r\n".into(), "control"),
            ("m=video\r\na=end-of-candidates\r\n".into(), "not complete"),
            ("m=video 9 X 1\r\na=mid:a b\r\na=end-of-candidates\r\n".into(), "a=mid"),
            ("a=candidate:broken\r\n".into(), "candidate"),
            ("a=end-of-candidates\r\n".repeat(4000), "too long"),
            ("m=video 9 X 1\r\n".repeat(100) + "a=end-of-candidates\r\n", "too many"),
        ] {
            let error = Fragment::read(&text).unwrap_err().to_string();
            assert!(error.contains(words) && error.len() < 200, "{error}: {words}");
        }
    }

    #[test]
    fn an_answers_transport_is_written_once() {
        let transport =
            "a=ice-ufrag:u\r\na=ice-pwd:p\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\na=end-of-candidates\r\n";
        let answer = format!(
            "v=0\r\na=group:BUNDLE 1 0\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=inactive\r\n{transport}\
             m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=ice-options:trickle\r\na=setup:active\r\na=rtpmap:96 VP8/90000\r\n{transport}"
        );
        let written = Fragment::of_answer(&answer);
        let expected = "a=ice-lite\r\na=ice-options:trickle\r\na=group:BUNDLE 1 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\n";
        assert_eq!(written, format!("{expected}{transport}"));
        let read = Fragment::read(&written).unwrap();
        assert_eq!((read.credentials, read.candidates.len()), (Some(("u".into(), "p".into())), 1));
        let alone = "v=0\r\nm=audio 0 X 1\r\nm=video 9 X 96\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\n";
        assert_eq!(Fragment::of_answer(alone), "m=video 9 X 96\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\n");
        assert_eq!(Fragment::of_answer(""), "");
    }
}

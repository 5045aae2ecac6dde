//! Later offers of a peer, and fragments in place of them: whether they continue the connection of the first one.

use super::{Fragment, Offer, candidate};
use crate::Error;

/// What a later offer may change: credentials (an ICE restart), and who would begin with DTLS, which has begun.
const CHANGEABLE: [&str; 4] = [UFRAG, PASSWORD, "a=setup:", "a=ice-options:"];
const UFRAG: &str = "a=ice-ufrag:";
const PASSWORD: &str = "a=ice-pwd:";

impl Offer {
    /// Checks that an offer is one of the same peer, for the same media.
    ///
    /// # Errors
    /// [`Error::Offer`] with what differs.
    pub fn continues(&self, first: &Self) -> Result<(), Error> {
        let lines = |offer: &Self| -> Vec<String> {
            let kept = |line: &&str| !CHANGEABLE.iter().any(|prefix| line.starts_with(prefix));
            offer.reduced.lines().filter(kept).map(str::to_owned).collect()
        };
        let (mine, theirs) = (lines(first), lines(self));
        let fingerprint = |lines: &[String]| lines.iter().find(|line| line.starts_with("a=fingerprint:")).cloned();
        if fingerprint(&mine) != fingerprint(&theirs) {
            return Err(Error::Offer("it has another certificate: it is not of the peer that is connected".to_owned()));
        }
        match mine.iter().zip(&theirs).find(|(mine, theirs)| mine != theirs) {
            Some((mine, theirs)) => Err(Error::Offer(format!(
                "only the ICE credentials of a connection may change, not `{mine}` to `{theirs}`"
            ))),
            None if mine.len() != theirs.len() => {
                Err(Error::Offer("only the ICE credentials of a connection may change, not its media".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// The user name fragment of the peer's ICE session.
    pub fn ufrag(&self) -> &str {
        self.reduced.lines().find_map(|line| line.strip_prefix(UFRAG)).unwrap_or_default()
    }

    /// The offer that a peer would send for another ICE session, with the credentials and candidates of its fragment (RFC 9725
    /// section 4.3.3); `None` when the fragment has no credentials.
    pub fn restarted(&self, fragment: &Fragment) -> Option<Self> {
        let (ufrag, password) = fragment.credentials.as_ref()?;
        let line = |line: &str| match line {
            _ if line.starts_with(UFRAG) => format!("{UFRAG}{ufrag}\r\n"),
            _ if line.starts_with(PASSWORD) => format!("{PASSWORD}{password}\r\n"),
            line => line.to_owned(),
        };
        let mut offer = self.clone();
        offer.reduced = self.reduced.split_inclusive('\n').map(line).collect();
        offer.candidates = fragment.candidates.iter().take(candidate::MAX_CANDIDATES).cloned().collect();
        offer.bytes = fragment.bytes;
        Some(offer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Direction;

    const FIRST: &str = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 AA:BB\r\n\
        a=setup:actpass\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:102 H264/90000\r\n\
        a=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n";

    #[test]
    fn only_credentials_may_change() {
        let read = |text: &str| Offer::read(text, Direction::SendReceive).unwrap();
        let first = read(FIRST);
        for (from, to, words) in [
            ("abcd", "efgh", ""),
            ("0123456789", "9876543210", ""),
            ("9 UDP", "5000 UDP", ""),
            ("AA:BB", "AA:CC", "another certificate"),
            ("102", "103", "only the ICE credentials"),
            ("mid:0", "mid:1", "only the ICE credentials"),
        ] {
            match read(&FIRST.replace(from, to)).continues(&first) {
                Ok(()) => assert_eq!(words, "", "{from} to {to}"),
                Err(error) => {
                    assert!(!words.is_empty() && error.to_string().contains(words), "{from} to {to}: {error}")
                }
            }
        }
    }

    #[test]
    fn a_fragment_stands_for_an_offer_with_other_credentials() {
        let first = Offer::read(FIRST, Direction::SendReceive).unwrap();
        let text =
            "a=ice-ufrag:efgh\r\na=ice-pwd:9876543210987654321098\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n";
        let restarted = first.restarted(&Fragment::read(text).unwrap()).unwrap();
        assert_eq!((first.ufrag(), restarted.ufrag()), ("abcd", "efgh"));
        assert_eq!((restarted.candidates.len(), restarted.bytes), (1, text.len()));
        assert!(restarted.continues(&first).is_ok());
        let changed = FIRST.replace("abcd", "efgh").replace("0123456789012345678901", "9876543210987654321098");
        assert_eq!(restarted.reduced, Offer::read(&changed, Direction::SendReceive).unwrap().reduced);
        assert!(first.restarted(&Fragment::read("a=end-of-candidates").unwrap()).is_none());
    }
}

//! Later offers of a session's client, by which it restarts ICE (RFC 8445 section 2.4).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framebox_rtc::Candidate;
use tokio::sync::OwnedMutexGuard;

/// Longest credential that is looked at, bytes (RFC 8839 section 5.4).
const MAX_UFRAG: usize = 256;

/// What tells the offers of one client from others: its certificate stays, its ICE credentials change with each restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Identity {
    ufrag: String,
    fingerprint: String,
}

/// What an offer is to a session that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same client wants to restart ICE.
    Restart,
    /// It is the offer that was answered already, or another client's.
    Other,
}

/// Follows the offers of one session.
pub struct Restarts {
    identity: Mutex<Identity>,
    running: Arc<tokio::sync::Mutex<()>>,
}

impl Restarts {
    /// Begins with the offer that was answered first.
    pub fn new(offer: &str) -> Self {
        Self { identity: Mutex::new(Identity::of(offer)), running: Arc::default() }
    }

    /// Decides what a later offer is.
    pub fn relation(&self, offer: &str) -> Relation {
        let (known, given) = (self.identity(), Identity::of(offer));
        let is_same = known.fingerprint.eq_ignore_ascii_case(&given.fingerprint) && !given.fingerprint.is_empty();
        if is_same && known.ufrag != given.ufrag && !given.ufrag.is_empty() {
            Relation::Restart
        } else {
            Relation::Other
        }
    }

    /// Begins a restart; `None` while another one is under way.
    pub fn begin(&self) -> Option<OwnedMutexGuard<()>> {
        self.running.clone().try_lock_owned().ok()
    }

    /// Records that an offer was answered.
    pub fn answered(&self, offer: &str) {
        *self.identity() = Identity::of(offer);
    }

    /// Reports whether a candidate names credentials other than those that hold: it overtook the offer that brings them.
    pub fn is_early(&self, candidate: &Candidate) -> bool {
        let mut words = candidate.candidate.split_ascii_whitespace();
        let ufrag = words.find(|word| *word == "ufrag").and_then(|_| words.next());
        ufrag.is_some_and(|ufrag| self.identity().ufrag != ufrag)
    }

    fn identity(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Identity {
    /// Reads an offer that may be anything. Where its sections differ, the first one counts: all share one connection.
    fn of(sdp: &str) -> Self {
        let value = |name: &str| {
            let found = sdp.lines().find_map(|line| line.trim().strip_prefix(name));
            found.filter(|value| value.len() <= MAX_UFRAG).unwrap_or_default().to_owned()
        };
        Self { ufrag: value("a=ice-ufrag:"), fingerprint: value("a=fingerprint:") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(ufrag: &str, fingerprint: &str) -> String {
        format!("v=0\r\nm=video 9\r\na=ice-ufrag:{ufrag}\r\na=fingerprint:sha-256 {fingerprint}\r\n")
    }

    #[test]
    fn only_new_credentials_of_the_same_client_are_a_restart() {
        let restarts = Restarts::new(&offer("abcd", "AA:BB"));
        for (later, relation) in [
            (offer("efgh", "AA:BB"), Relation::Restart),
            (offer("efgh", "aa:bb"), Relation::Restart),
            (offer("abcd", "AA:BB"), Relation::Other),
            (offer("efgh", "CC:DD"), Relation::Other),
            (offer("", "AA:BB"), Relation::Other),
            ("rubbish".to_owned(), Relation::Other),
        ] {
            assert_eq!(restarts.relation(&later), relation, "{later}");
        }
        restarts.answered(&offer("efgh", "AA:BB"));
        assert_eq!(restarts.relation(&offer("efgh", "AA:BB")), Relation::Other, "it was answered");
        assert_eq!(Restarts::new("").relation(""), Relation::Other);
    }

    #[test]
    fn one_restart_is_under_way_at_a_time() {
        let restarts = Restarts::new("");
        let first = restarts.begin();
        assert!(first.is_some() && restarts.begin().is_none());
        drop(first);
        assert!(restarts.begin().is_some());
    }

    #[test]
    fn candidates_of_other_credentials_are_early() {
        let restarts = Restarts::new(&offer("abcd", "AA"));
        let candidate = |more: &str| Candidate {
            candidate: format!("candidate:1 1 udp 1 192.0.2.1 9 typ host{more}"),
            sdp_mid: None,
            sdp_m_line_index: None,
        };
        assert!(!restarts.is_early(&candidate("")) && !restarts.is_early(&candidate(" ufrag abcd network-id 1")));
        assert!(restarts.is_early(&candidate(" generation 0 ufrag efgh")));
    }
}

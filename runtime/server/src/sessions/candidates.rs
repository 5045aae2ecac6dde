//! ICE candidates that arrive before their offer is answered. Bounded in number and time; `now` is an argument.
//!
//! They belong to the principal that sent them: no other one's offer gets them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use framebox_auth::PrincipalKey;
use framebox_rtc::Candidate;

/// Most sessions for which candidates are kept.
const MAX_SESSIONS: usize = 256;
/// Most sessions of one client for which candidates are kept.
const MAX_SESSIONS_OF_CLIENT: usize = 16;
/// Most candidates kept for one session.
const MAX_CANDIDATES: usize = 32;
/// Longest candidate that is kept, bytes.
const MAX_BYTES: usize = 1024;
/// Time after which an offer is no longer expected.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Candidates by client and session id.
#[derive(Debug, Default)]
pub struct PendingCandidates {
    clients: HashMap<PrincipalKey, HashMap<String, Pending>>,
}

#[derive(Debug)]
struct Pending {
    since: Instant,
    candidates: Vec<Candidate>,
}

impl PendingCandidates {
    /// Keeps `candidate` for the offer of `id` by `client`. Returns false when there is no room for it.
    pub fn keep(&mut self, now: Instant, client: &PrincipalKey, id: &str, candidate: Candidate) -> bool {
        self.clients.retain(|_, sessions| {
            sessions.retain(|_, pending| now.saturating_duration_since(pending.since) < TIMEOUT);
            !sessions.is_empty()
        });
        if candidate.candidate.len() > MAX_BYTES {
            return false;
        }
        let total: usize = self.clients.values().map(HashMap::len).sum();
        let own = self.clients.get(client);
        let is_new = own.is_none_or(|sessions| !sessions.contains_key(id));
        if is_new && (total >= MAX_SESSIONS || own.map_or(0, HashMap::len) >= MAX_SESSIONS_OF_CLIENT) {
            return false;
        }
        let sessions = self.clients.entry(client.clone()).or_default();
        let pending = sessions.entry(id.to_owned()).or_insert(Pending { since: now, candidates: Vec::new() });
        let has_room = pending.candidates.len() < MAX_CANDIDATES;
        if has_room {
            pending.candidates.push(candidate);
        }
        has_room
    }

    /// Removes and returns the candidates of `client` for `id`.
    pub fn take(&mut self, client: &PrincipalKey, id: &str) -> Vec<Candidate> {
        let pending = self.clients.get_mut(client).and_then(|sessions| sessions.remove(id));
        pending.map(|pending| pending.candidates).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(n: usize) -> Candidate {
        Candidate { candidate: format!("candidate:{n}"), sdp_mid: None, sdp_m_line_index: Some(0) }
    }

    fn client(n: usize) -> PrincipalKey {
        PrincipalKey::Token(n.to_string())
    }

    #[test]
    fn candidates_are_kept_in_order_within_bounds_and_expire() {
        let now = Instant::now();
        let mut pending = PendingCandidates::default();
        let kept = (0..100).filter(|n| pending.keep(now, &client(0), "a", candidate(*n))).count();
        assert_eq!(kept, MAX_CANDIDATES);
        let taken: Vec<_> = pending.take(&client(0), "a").into_iter().map(|c| c.candidate).collect();
        assert_eq!(taken.len(), MAX_CANDIDATES);
        assert_eq!(taken[..2], ["candidate:0", "candidate:1"]);
        assert!(pending.take(&client(0), "a").is_empty());
        let long = Candidate { candidate: "x".repeat(MAX_BYTES + 1), ..candidate(0) };
        assert!(!pending.keep(now, &client(0), "b", long));
    }

    #[test]
    fn one_client_takes_its_share_of_the_room_only() {
        let now = Instant::now();
        let mut pending = PendingCandidates::default();
        let mut fill =
            |n: usize| (0..1000).filter(|id| pending.keep(now, &client(n), &id.to_string(), candidate(0))).count();
        assert_eq!(fill(0), MAX_SESSIONS_OF_CLIENT);
        assert_eq!(fill(1), MAX_SESSIONS_OF_CLIENT, "another client has room of its own");
        let all: usize = (2..100).map(fill).sum();
        assert_eq!(all + 2 * MAX_SESSIONS_OF_CLIENT, MAX_SESSIONS);
        assert!(pending.keep(now + TIMEOUT, &client(200), "later", candidate(0)), "expired sessions make room");
        assert!(pending.take(&client(0), "0").is_empty());
    }

    #[test]
    fn an_offer_gets_the_candidates_of_its_own_client_only() {
        let now = Instant::now();
        let mut pending = PendingCandidates::default();
        assert!(pending.keep(now, &client(1), "a", candidate(1)));
        assert!(pending.keep(now, &client(2), "a", candidate(2)));
        let of = |taken: Vec<Candidate>| taken.into_iter().map(|c| c.candidate).collect::<Vec<_>>();
        assert_eq!(of(pending.take(&client(1), "a")), ["candidate:1"]);
        assert!(pending.take(&client(3), "a").is_empty());
        assert_eq!(of(pending.take(&client(2), "a")), ["candidate:2"]);
    }
}

//! ICE candidates that arrive before their offer is answered. Bounded in number and time; `now` is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use framebox_rtc::Candidate;

/// Most sessions for which candidates are kept.
const MAX_SESSIONS: usize = 256;
/// Most candidates kept for one session.
const MAX_CANDIDATES: usize = 32;
/// Longest candidate that is kept, bytes.
const MAX_BYTES: usize = 1024;
/// Time after which an offer is no longer expected.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Candidates by session id.
#[derive(Debug, Default)]
pub struct PendingCandidates {
    sessions: HashMap<String, (Instant, Vec<Candidate>)>,
}

impl PendingCandidates {
    /// Keeps `candidate` for the offer of `id`. Returns false when there is no room for it.
    pub fn keep(&mut self, now: Instant, id: &str, candidate: Candidate) -> bool {
        self.sessions.retain(|_, (since, _)| now.saturating_duration_since(*since) < TIMEOUT);
        if candidate.candidate.len() > MAX_BYTES
            || !self.sessions.contains_key(id) && self.sessions.len() >= MAX_SESSIONS
        {
            return false;
        }
        let (_, candidates) = self.sessions.entry(id.to_owned()).or_insert((now, Vec::new()));
        let has_room = candidates.len() < MAX_CANDIDATES;
        if has_room {
            candidates.push(candidate);
        }
        has_room
    }

    /// Removes and returns the candidates of `id`.
    pub fn take(&mut self, id: &str) -> Vec<Candidate> {
        self.sessions.remove(id).map(|(_, candidates)| candidates).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(n: usize) -> Candidate {
        Candidate { candidate: format!("candidate:{n}"), sdp_mid: None, sdp_m_line_index: Some(0) }
    }

    #[test]
    fn candidates_are_kept_in_order_within_bounds_and_expire() {
        let now = Instant::now();
        let mut pending = PendingCandidates::default();
        let kept = (0..100).filter(|n| pending.keep(now, "a", candidate(*n))).count();
        assert_eq!(kept, MAX_CANDIDATES);
        let taken: Vec<_> = pending.take("a").into_iter().map(|c| c.candidate).collect();
        assert_eq!(taken.len(), MAX_CANDIDATES);
        assert_eq!(taken[..2], ["candidate:0", "candidate:1"]);
        assert!(pending.take("a").is_empty());

        let sessions = (0..1000).filter(|n| pending.keep(now, &n.to_string(), candidate(0))).count();
        assert_eq!(sessions, MAX_SESSIONS);
        assert!(pending.keep(now + TIMEOUT, "later", candidate(0)), "expired sessions make room");
        assert!(pending.take("0").is_empty());
        let long = Candidate { candidate: "x".repeat(MAX_BYTES + 1), ..candidate(0) };
        assert!(!pending.keep(now, "b", long));
    }
}

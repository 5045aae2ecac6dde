//! Candidates that came before their offer was answered. Bounded in number and time. Time comes in as an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use framebox_rtc::Candidate;

/// Sessions for which candidates are kept.
const MOST_SESSIONS: usize = 256;
/// Candidates kept for one session.
const MOST_CANDIDATES: usize = 32;
/// Longest text of a candidate that is kept, bytes.
const LONGEST: usize = 1024;
/// An offer that has not come by then will not come.
const KEPT: Duration = Duration::from_secs(30);

/// Candidates by session id.
#[derive(Debug, Default)]
pub struct Early {
    sessions: HashMap<String, (Instant, Vec<Candidate>)>,
}

impl Early {
    /// Keeps `candidate` for the offer of `id`. False: there is no room for it.
    pub fn keep(&mut self, now: Instant, id: &str, candidate: Candidate) -> bool {
        self.sessions.retain(|_, (since, _)| now.saturating_duration_since(*since) < KEPT);
        if candidate.candidate.len() > LONGEST
            || !self.sessions.contains_key(id) && self.sessions.len() >= MOST_SESSIONS
        {
            return false;
        }
        let (_, candidates) = self.sessions.entry(id.to_owned()).or_insert((now, Vec::new()));
        let room = candidates.len() < MOST_CANDIDATES;
        if room {
            candidates.push(candidate);
        }
        room
    }

    /// What was kept for `id`.
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
    fn candidates_are_kept_in_order_bounded_and_forgotten() {
        let now = Instant::now();
        let mut early = Early::default();
        let kept = (0..100).filter(|n| early.keep(now, "a", candidate(*n))).count();
        assert_eq!(kept, MOST_CANDIDATES);
        let taken: Vec<_> = early.take("a").into_iter().map(|c| c.candidate).collect();
        assert_eq!(taken.len(), MOST_CANDIDATES);
        assert_eq!(taken[..2], ["candidate:0", "candidate:1"]);
        assert!(early.take("a").is_empty());

        let sessions = (0..1000).filter(|n| early.keep(now, &n.to_string(), candidate(0))).count();
        assert_eq!(sessions, MOST_SESSIONS);
        assert!(early.keep(now + KEPT, "later", candidate(0)), "old ones make room");
        assert!(early.take("0").is_empty());
        let long = Candidate { candidate: "x".repeat(LONGEST + 1), ..candidate(0) };
        assert!(!early.keep(now, "b", long));
    }
}

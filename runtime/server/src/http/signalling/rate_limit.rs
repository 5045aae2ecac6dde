//! Limits how often clients set up and steer connections (RFC 9725 section 5). `now` is an argument of the decision.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use framebox_auth::PrincipalKey;

use crate::http::problem::Problem;

/// Requests of a client that may come at once: many viewers may have one token or address.
const BURST: f64 = 256.0;
/// Requests a second that it may send after that.
const RATE: f64 = 32.0;
/// Most clients that are counted; those beyond share one allowance.
const MAX_CLIENTS: usize = 4096;

/// What is left to each client.
#[derive(Default)]
pub struct RateLimit(Mutex<Buckets>);

#[derive(Default)]
struct Buckets {
    clients: HashMap<PrincipalKey, Bucket>,
    others: Option<Bucket>,
}

/// What is left at a time.
#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimit {
    /// Counts a request of `client`. Those of whoever runs the server are not counted.
    ///
    /// # Errors
    /// 429 with when to try again, when it is one too many.
    pub fn admit(&self, client: PrincipalKey) -> Result<(), Problem> {
        if client == PrincipalKey::Operator {
            return Ok(());
        }
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.take(Instant::now(), client).map_err(|wait| {
            let text = "you send more requests than this server takes from one client: wait a little";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, text).retry_after(wait.as_secs().max(1))
        })
    }
}

impl Buckets {
    /// Takes one request; returns how long to wait when there is none left.
    fn take(&mut self, now: Instant, client: PrincipalKey) -> Result<(), Duration> {
        if !self.clients.contains_key(&client) && self.clients.len() >= MAX_CLIENTS {
            // Those that have all of it again need not be known.
            self.clients.retain(|_, bucket| bucket.left_at(now) < BURST);
        }
        let full = Bucket { left: BURST, at: now };
        let bucket = match self.clients.len() < MAX_CLIENTS || self.clients.contains_key(&client) {
            true => self.clients.entry(client).or_insert(full),
            false => self.others.get_or_insert(full),
        };
        let left = bucket.left_at(now);
        *bucket = Bucket { left: if left >= 1.0 { left - 1.0 } else { left }, at: now };
        if left >= 1.0 { Ok(()) } else { Err(Duration::from_secs_f64((1.0 - left) / RATE)) }
    }
}

impl Bucket {
    fn left_at(&self, now: Instant) -> f64 {
        (self.left + now.saturating_duration_since(self.at).as_secs_f64() * RATE).min(BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_floods_waits_and_others_do_not() {
        let (start, mut buckets) = (Instant::now(), Buckets::default());
        let client = |name: &str| PrincipalKey::Token(name.to_owned());
        let mut admitted = |at: u64, name: &str| {
            (0..1000).filter(|_| buckets.take(start + Duration::from_secs(at), client(name)).is_ok()).count()
        };
        assert_eq!(admitted(0, "flood"), BURST as usize);
        assert_eq!(admitted(0, "other"), BURST as usize);
        assert_eq!(admitted(2, "flood"), 2 * RATE as usize);
        assert_eq!(admitted(1000, "flood"), BURST as usize);
        let wait = buckets.take(start + Duration::from_secs(1000), client("flood")).unwrap_err();
        assert!(wait <= Duration::from_secs(1));
    }

    #[test]
    fn the_number_of_clients_that_are_counted_is_bounded() {
        let (start, mut buckets) = (Instant::now(), Buckets::default());
        for number in 0..3 * MAX_CLIENTS {
            let _ = buckets.take(start, PrincipalKey::Token(number.to_string()));
        }
        assert_eq!(buckets.clients.len(), MAX_CLIENTS);
        assert!(buckets.others.is_some_and(|bucket| bucket.left < 1.0));
        let later = start + Duration::from_secs(60);
        assert!(buckets.take(later, PrincipalKey::Token("late".to_owned())).is_ok());
        assert_eq!(buckets.clients.len(), 1);
    }
}

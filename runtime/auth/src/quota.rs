//! Quotas: how much one principal may use. Decisions with the time as an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::principal::PrincipalKey;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Bounds on what one principal uses; `None`: unbounded, or as the server's configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    /// Sessions at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u32>,
    /// Handlers at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handlers: Option<u32>,
    /// Disk that all their versions take together, components and compiled code, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mib: Option<u32>,
    /// Uploads within any minute, including refused ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploads_a_minute: Option<u32>,
    /// Bytes that are uploaded, including those of refused uploads, MiB an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_mib_an_hour: Option<u32>,
    /// Time that uploads are compiled, including refused ones, s an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile_s_an_hour: Option<u32>,
}

impl Quota {
    /// Reports whether it bounds nothing.
    pub fn is_unbounded(&self) -> bool {
        *self == Self::default()
    }

    /// Returns these bounds, and those of `other` where there are none.
    pub fn or(self, other: Self) -> Self {
        Self {
            sessions: self.sessions.or(other.sessions),
            handlers: self.handlers.or(other.handlers),
            mib: self.mib.or(other.mib),
            uploads_a_minute: self.uploads_a_minute.or(other.uploads_a_minute),
            upload_mib_an_hour: self.upload_mib_an_hour.or(other.upload_mib_an_hour),
            compile_s_an_hour: self.compile_s_an_hour.or(other.compile_s_an_hour),
        }
    }

    /// Bound on the disk, bytes.
    pub fn disk_bytes(&self) -> Option<u64> {
        self.mib.map(|mib| u64::from(mib) << 20)
    }
}

/// The bounds of principals that have none of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Of each token.
    pub token: Quota,
    /// Of each address of anonymous clients.
    pub anonymous: Quota,
}

impl Quotas {
    /// Returns the bounds of a principal; `own`: those of its token. The operator has none.
    pub fn of(&self, key: &PrincipalKey, own: Quota) -> Quota {
        match key {
            PrincipalKey::Operator => Quota::default(),
            PrincipalKey::Token(_) => own.or(self.token),
            PrincipalKey::Address(_) => self.anonymous,
        }
    }
}

/// Counts events within the last minute. Remembers at most as many as are allowed.
#[derive(Debug, Default)]
pub struct Rate {
    times: VecDeque<Instant>,
}

impl Rate {
    /// Counts an event, of at most `most` within any minute.
    ///
    /// # Errors
    /// The time until an event is allowed, when there were too many. It is not counted then.
    pub fn count(&mut self, most: u32, now: Instant) -> Result<(), Duration> {
        while self.times.front().is_some_and(|then| now.saturating_duration_since(*then) >= MINUTE) {
            self.times.pop_front();
        }
        let most = most as usize;
        if self.times.len() < most {
            self.times.push_back(now);
            return Ok(());
        }
        // After the bound was lowered, more than one has to leave.
        let leaving = self.times.len() - most;
        let then = self.times.get(leaving).copied().unwrap_or(now);
        Err(MINUTE.saturating_sub(now.saturating_duration_since(then)))
    }

    /// Reports whether no event matters any more at `now`.
    pub fn is_idle(&self, now: Instant) -> bool {
        self.times.back().is_none_or(|then| now.saturating_duration_since(*then) >= MINUTE)
    }
}

/// A token bucket of an hour: what was used drains evenly, an hour's amount within an hour. What something costs is known
/// after it only, so the last use may exceed the amount; the next one waits for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hourly {
    used: f64,
    at: Option<Instant>,
}

impl Hourly {
    /// Checks that `amount` more fits into `most` an hour.
    ///
    /// # Errors
    /// The time until it fits, when it does not. What exceeds `most` by itself fits into an unused hour.
    pub fn admit(&mut self, most: u32, amount: f64, now: Instant) -> Result<(), Duration> {
        let most = f64::from(most);
        self.drain(most, now);
        let excess = self.used - (most - amount).max(0.0);
        if most <= 0.0 {
            return Err(HOUR);
        }
        if excess <= 0.0 {
            return Ok(());
        }
        Err(HOUR.mul_f64((excess / most).min(24.0)).max(Duration::from_secs(1)))
    }

    /// Records that `amount` was used.
    pub fn charge(&mut self, most: u32, amount: f64, now: Instant) {
        self.drain(f64::from(most), now);
        self.used += amount;
    }

    /// Reports whether nothing used matters any more at `now`.
    pub fn is_idle(&mut self, most: u32, now: Instant) -> bool {
        self.drain(f64::from(most), now);
        self.used <= 0.0
    }

    fn drain(&mut self, most: f64, now: Instant) {
        let since = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.used = (self.used - most * since.as_secs_f64() / HOUR.as_secs_f64()).max(0.0);
        self.at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_takes_its_count_and_says_when_it_takes_more() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut rate = Rate::default();
        for (now, answer) in [
            (0, Ok(())),
            (10, Ok(())),
            (20, Err(40)),
            (59, Err(1)),
            (60, Ok(())),
            (61, Err(9)),
            (70, Ok(())),
            (200, Ok(())),
        ] {
            assert_eq!(rate.count(2, at(now)).map_err(|wait| wait.as_secs()), answer, "at {now} s");
        }
        assert!(!rate.is_idle(at(259)) && rate.is_idle(at(260)));
        assert_eq!(Rate::default().count(0, begin), Err(MINUTE));
        // Lowered from 2 to 1 with two counted: both have to leave.
        assert_eq!(rate.count(2, at(210)), Ok(()));
        assert_eq!(rate.count(1, at(220)).map_err(|wait| wait.as_secs()), Err(50));
    }

    #[test]
    fn an_hour_takes_its_amount_and_says_when_it_takes_more() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut hourly = Hourly::default();
        // Second, amount that is asked for, answer, amount that it cost.
        for (now, amount, answer, cost) in [
            (0, 0.0, Ok(()), 30.0),
            (0, 30.0, Ok(()), 0.0),
            (0, 31.0, Err(60), 0.0),
            // It cost more than was left: the excess is waited for.
            (0, 0.0, Ok(()), 50.0),
            (0, 0.0, Err(1200), 0.0),
            (1199, 0.0, Err(1), 0.0),
            (1260, 0.0, Ok(()), 0.0),
            // More than an hour's amount fits into an unused hour.
            (20_000, 100.0, Ok(()), 100.0),
            (20_000, 1.0, Err(2460), 0.0),
        ] {
            let got = hourly.admit(60, amount, at(now)).map_err(|wait| wait.as_secs());
            assert_eq!(got, answer, "{amount} at {now} s");
            hourly.charge(60, cost, at(now));
        }
        assert!(!hourly.is_idle(60, at(20_000)) && hourly.is_idle(60, at(30_000)));
        assert_eq!(Hourly::default().admit(0, 1.0, begin), Err(HOUR));
    }

    #[test]
    fn the_bounds_of_a_token_come_before_those_of_all_tokens_and_the_operator_has_none() {
        let (token, anonymous) = (
            Quota { sessions: Some(9), mib: Some(7), ..Quota::default() },
            Quota { sessions: Some(2), ..Quota::default() },
        );
        let quotas = Quotas { token, anonymous };
        let own = Quota { mib: Some(1), ..Quota::default() };
        let named = PrincipalKey::Token("ci".to_owned());
        assert_eq!(quotas.of(&named, own), Quota { sessions: Some(9), mib: Some(1), ..Quota::default() });
        assert_eq!(quotas.of(&PrincipalKey::anonymous(None), Quota::default()), anonymous);
        assert!(quotas.of(&PrincipalKey::Operator, Quota::default()).is_unbounded());
        assert_eq!(own.disk_bytes(), Some(1 << 20));
    }
}

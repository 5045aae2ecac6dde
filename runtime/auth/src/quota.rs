//! Quotas: how much may be uploaded with a token. Decisions with the time as an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

const MINUTE: Duration = Duration::from_secs(60);

/// Bounds on what is uploaded with a token; `None`: unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quota {
    /// Handlers at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handlers: Option<u32>,
    /// Size of all their versions together, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mib: Option<u32>,
    /// Uploads within any minute, including refused ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploads_a_minute: Option<u32>,
}

/// What a token's uploads take up, including those in progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Handlers.
    pub handlers: u64,
    /// Size of their versions, bytes.
    pub bytes: u64,
}

/// Why an upload exceeds a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuotaError {
    /// Too many handlers.
    #[error("this token has {used} handlers of at most {most}: delete one, or ask for more")]
    Handlers {
        /// Handlers present.
        used: u64,
        /// The bound.
        most: u64,
    },
    /// Too many bytes.
    #[error("this token's handlers have {used} bytes of at most {most}, and {asked} more do not fit: delete versions")]
    Bytes {
        /// Handlers present.
        used: u64,
        /// Bytes of the upload.
        asked: u64,
        /// The bound.
        most: u64,
    },
}

impl Quota {
    /// Reports whether nothing is bounded.
    pub fn is_unbounded(&self) -> bool {
        *self == Self::default()
    }

    /// Checks that an upload of `bytes` fits beside what is `used`. `creates`: the token has no handler of its name yet.
    ///
    /// # Errors
    /// Names the bound that it would exceed.
    pub fn admit(&self, used: Used, creates: bool, bytes: u64) -> Result<(), QuotaError> {
        if let Some(most) = self.handlers.map(u64::from)
            && creates
            && used.handlers >= most
        {
            return Err(QuotaError::Handlers { used: used.handlers, most });
        }
        if let Some(most) = self.bytes()
            && used.bytes.saturating_add(bytes) > most
        {
            return Err(QuotaError::Bytes { used: used.bytes, asked: bytes, most });
        }
        Ok(())
    }

    /// Bound on the size, bytes.
    pub fn bytes(&self) -> Option<u64> {
        self.mib.map(|mib| u64::from(mib) << 20)
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
    fn a_quota_bounds_handlers_and_bytes() {
        let quota = Quota { handlers: Some(2), mib: Some(1), uploads_a_minute: None };
        let used = |handlers, bytes| Used { handlers, bytes };
        assert_eq!(quota.admit(used(1, 0), true, 1 << 20), Ok(()));
        assert_eq!(quota.admit(used(2, 0), true, 1), Err(QuotaError::Handlers { used: 2, most: 2 }));
        assert_eq!(quota.admit(used(2, 1), false, (1 << 20) - 1), Ok(()));
        let over = QuotaError::Bytes { used: 1, asked: 1 << 20, most: 1 << 20 };
        assert_eq!(quota.admit(used(2, 1), false, 1 << 20), Err(over));
        assert!(quota.admit(used(0, u64::MAX), true, u64::MAX).is_err());
        assert_eq!(Quota::default().admit(used(u64::MAX, u64::MAX), true, u64::MAX), Ok(()));
    }
}

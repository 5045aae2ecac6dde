//! Meters: what each principal used lately, against which its quota is checked. The time is an argument.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::principal::PrincipalKey;
use super::quota::{Hourly, Quota, Rate};

/// Most principals that are remembered.
const MOST: usize = 10_000;
const MIB: f64 = (1 << 20) as f64;

/// Why an upload has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExceededError {
    /// Too many uploads.
    #[error("you uploaded {most} times within a minute, which is the most allowed: try again in {} s", seconds(*.wait))]
    Uploads {
        /// The bound.
        most: u32,
        /// Time until one is allowed.
        wait: Duration,
    },
    /// Too many bytes.
    #[error(
        "uploads of {most} MiB an hour are allowed, and this one does not fit beside what you sent: try again in {} s",
        seconds(*.wait)
    )]
    Bytes {
        /// The bound, MiB an hour.
        most: u32,
        /// Time until it fits.
        wait: Duration,
    },
    /// Too much compilation.
    #[error(
        "your uploads may be compiled for {most} s an hour, and that time is used up: try again in {} s",
        seconds(*.wait)
    )]
    Compile {
        /// The bound, s an hour.
        most: u32,
        /// Time until there is time again.
        wait: Duration,
    },
    /// Too many clients upload.
    #[error("more clients upload than the server keeps account of: try again in {} s", seconds(*.wait))]
    Clients {
        /// Time after which another try makes sense.
        wait: Duration,
    },
}

impl ExceededError {
    /// Returns the time after which another try makes sense.
    pub fn wait(&self) -> Duration {
        match self {
            Self::Uploads { wait, .. } | Self::Bytes { wait, .. } | Self::Compile { wait, .. } => *wait,
            Self::Clients { wait } => *wait,
        }
    }
}

/// Whole seconds, rounded up.
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// What each principal used lately.
#[derive(Debug, Default)]
pub struct Meters {
    meters: HashMap<PrincipalKey, Meter>,
}

#[derive(Debug, Default)]
struct Meter {
    quota: Quota,
    uploads: Rate,
    bytes: Hourly,
    compile: Hourly,
}

impl Meters {
    /// Counts an upload of `bytes`, as far as that is known before it comes.
    ///
    /// # Errors
    /// The bound that it would exceed. It is not counted then.
    pub fn admit_upload(
        &mut self,
        key: &PrincipalKey,
        quota: Quota,
        bytes: u64,
        now: Instant,
    ) -> Result<(), ExceededError> {
        if !self.meters.contains_key(key) && self.meters.len() >= MOST {
            self.meters.retain(|_, meter| !meter.is_idle(now));
            if self.meters.len() >= MOST {
                return Err(ExceededError::Clients { wait: Duration::from_secs(60) });
            }
        }
        let meter = self.meters.entry(key.clone()).or_default();
        meter.quota = quota;
        if let Some(most) = quota.upload_mib_an_hour {
            let admitted = meter.bytes.admit(most, bytes as f64 / MIB, now);
            admitted.map_err(|wait| ExceededError::Bytes { most, wait })?;
        }
        if let Some(most) = quota.compile_s_an_hour {
            let admitted = meter.compile.admit(most, 0.0, now);
            admitted.map_err(|wait| ExceededError::Compile { most, wait })?;
        }
        if let Some(most) = quota.uploads_a_minute {
            meter.uploads.count(most, now).map_err(|wait| ExceededError::Uploads { most, wait })?;
        }
        Ok(())
    }

    /// Records what an upload took: bytes that arrived, and the time that it was compiled.
    pub fn charge_upload(&mut self, key: &PrincipalKey, bytes: u64, compile: Duration, now: Instant) {
        let Some(meter) = self.meters.get_mut(key) else { return };
        if let Some(most) = meter.quota.upload_mib_an_hour {
            meter.bytes.charge(most, bytes as f64 / MIB, now);
        }
        if let Some(most) = meter.quota.compile_s_an_hour {
            meter.compile.charge(most, compile.as_secs_f64(), now);
        }
    }
}

impl Meter {
    fn is_idle(&mut self, now: Instant) -> bool {
        let (bytes, compile) = (self.quota.upload_mib_an_hour, self.quota.compile_s_an_hour);
        self.uploads.is_idle(now)
            && bytes.is_none_or(|most| self.bytes.is_idle(most, now))
            && compile.is_none_or(|most| self.compile.is_idle(most, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(n: u32) -> PrincipalKey {
        PrincipalKey::anonymous(Some(std::net::Ipv4Addr::from_bits(n).into()))
    }

    #[test]
    fn each_principal_is_charged_for_its_own_uploads() {
        let begin = Instant::now();
        let quota = Quota {
            uploads_a_minute: Some(3),
            upload_mib_an_hour: Some(10),
            compile_s_an_hour: Some(60),
            ..Quota::default()
        };
        let mut meters = Meters::default();
        let second = Duration::from_secs(1);
        assert_eq!(meters.admit_upload(&client(1), quota, 4 << 20, begin), Ok(()));
        meters.charge_upload(&client(1), 4 << 20, second, begin);
        let bytes = meters.admit_upload(&client(1), quota, 8 << 20, begin).unwrap_err();
        assert!(matches!(bytes, ExceededError::Bytes { most: 10, .. }) && seconds(bytes.wait()) == 720, "{bytes}");
        assert_eq!(meters.admit_upload(&client(2), quota, 8 << 20, begin), Ok(()), "another client");
        assert_eq!(meters.admit_upload(&client(1), quota, 0, begin), Ok(()));
        meters.charge_upload(&client(1), 0, 119 * second, begin);
        let compile = meters.admit_upload(&client(1), quota, 0, begin).unwrap_err();
        assert!(matches!(compile, ExceededError::Compile { most: 60, .. }) && compile.wait() > second, "{compile}");
        let later = begin + 3600 * second;
        for _ in 0..3 {
            assert_eq!(meters.admit_upload(&client(1), quota, 0, later), Ok(()));
        }
        let often = meters.admit_upload(&client(1), quota, 0, later).unwrap_err();
        assert_eq!(often, ExceededError::Uploads { most: 3, wait: 60 * second });
        assert!(often.to_string().ends_with("try again in 60 s"), "{often}");
        // The operator has no bounds.
        for _ in 0..100 {
            assert_eq!(meters.admit_upload(&PrincipalKey::Operator, Quota::default(), 1 << 40, begin), Ok(()));
        }
    }

    #[test]
    fn the_account_of_clients_is_bounded_and_idle_ones_make_room() {
        let begin = Instant::now();
        let quota = Quota { uploads_a_minute: Some(3), ..Quota::default() };
        let mut meters = Meters::default();
        for n in 0..MOST as u32 {
            assert_eq!(meters.admit_upload(&client(n), quota, 0, begin), Ok(()));
        }
        let full = meters.admit_upload(&client(u32::MAX), quota, 0, begin);
        assert!(matches!(full, Err(ExceededError::Clients { .. })), "{full:?}");
        assert_eq!(meters.admit_upload(&client(0), quota, 0, begin), Ok(()), "who is known goes on");
        assert_eq!(meters.admit_upload(&client(u32::MAX), quota, 0, begin + Duration::from_secs(61)), Ok(()));
        assert_eq!(meters.meters.len(), 1);
    }
}

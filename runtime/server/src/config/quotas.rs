//! `[quotas]`: how much one principal may use.

use anyhow::ensure;
use framebox_auth::quota::{Quota, Quotas};
use serde::Deserialize;

/// What each token may use, unless it has bounds of its own. Of the sessions, three quarters.
const TOKEN: Quota = Quota {
    sessions: None,
    handlers: Some(1000),
    mib: Some(8192),
    uploads_a_minute: Some(60),
    upload_mib_an_hour: Some(4096),
    compile_s_an_hour: Some(1800),
};
/// What the anonymous clients at one address may use. Of the sessions, half.
const ANONYMOUS: Quota = Quota {
    sessions: None,
    handlers: Some(16),
    mib: Some(512),
    uploads_a_minute: Some(20),
    upload_mib_an_hour: Some(512),
    compile_s_an_hour: Some(300),
};

/// `[quotas]`; what is absent has a default.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// For each token, unless `framebox token new` gave it bounds of its own.
    pub token: Quota,
    /// For the anonymous clients at one address.
    pub anonymous: Quota,
}

impl Table {
    /// Returns the quotas of a server of at most `sessions` sessions.
    pub fn resolve(&self, sessions: u32) -> Quotas {
        let with = |table: Quota, defaults: Quota, share: u32| table.or(Quota { sessions: Some(share), ..defaults });
        Quotas {
            token: with(self.token, TOKEN, sessions.saturating_mul(3).div_ceil(4)),
            anonymous: with(self.anonymous, ANONYMOUS, sessions.div_ceil(2)),
        }
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// Names the key, and what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        for (name, quota) in [("token", &self.token), ("anonymous", &self.anonymous)] {
            ensure!(
                quota.sessions != Some(0),
                "quotas.{name}.sessions must be at least 1: who may have none gets no scope `watch`"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_every_slot_and_everybody_gets_one() {
        for (sessions, token, anonymous) in [(1, 1, 1), (2, 2, 1), (4, 3, 2), (32, 24, 16), (1000, 750, 500)] {
            let quotas = Table::default().resolve(sessions);
            assert_eq!((quotas.token.sessions, quotas.anonymous.sessions), (Some(token), Some(anonymous)));
        }
        let table: Table = toml::from_str("[anonymous]\nsessions = 3\nmib = 7").unwrap();
        let quotas = table.resolve(32);
        assert_eq!((quotas.anonymous.sessions, quotas.anonymous.mib), (Some(3), Some(7)));
        assert_eq!(quotas.anonymous.uploads_a_minute, ANONYMOUS.uploads_a_minute);
        assert!(toml::from_str::<Table>("[token]\nsession = 3").is_err());
        let zero: Table = toml::from_str("[token]\nsessions = 0").unwrap();
        assert!(zero.check().is_err_and(|error| error.to_string().contains("quotas.token.sessions")));
    }
}

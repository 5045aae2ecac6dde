//! Budgets and policies of sessions, unless an offer says otherwise.

use std::collections::BTreeMap;

use framebox_catalog::Version;
use framebox_pipeline::policy::{Policy, Skipping, Unprocessed};
use framebox_pipeline::{Budgets, breaker, ladder};

use super::Config;

/// Settings of sessions: the general ones, and those of single handlers.
#[derive(Clone, Debug)]
pub struct SessionDefaults {
    ladder: ladder::Settings,
    breaker: breaker::Settings,
    policy: Policy,
    /// Where the policy of a handler differs.
    handlers: BTreeMap<String, (Option<Skipping>, Option<Unprocessed>)>,
}

impl Config {
    /// The settings of sessions.
    pub fn session_defaults(&self) -> SessionDefaults {
        SessionDefaults {
            ladder: self.ladder.settings(),
            breaker: self.breaker.settings(),
            policy: Policy { skipping: self.server.policy, unprocessed: self.server.unprocessed },
            handlers: self.handlers.iter().map(|(name, of)| (name.clone(), (of.policy, of.unprocessed))).collect(),
        }
    }
}

impl SessionDefaults {
    /// Returns the budgets of a session that runs `version`.
    pub fn budgets(&self, version: &Version) -> Budgets {
        let (fuel_per_second, ms_per_second) = version.limits.per_second();
        let (ladder, breaker) = (self.ladder.clone(), self.breaker);
        Budgets { fuel_per_second, ms_per_second, ladder, breaker, ..Budgets::default() }
    }

    /// Returns the policy of sessions of the handler `name`.
    pub fn policy(&self, name: &str) -> Policy {
        let (skipping, unprocessed) = self.handlers.get(name).copied().unwrap_or_default();
        Policy {
            skipping: skipping.unwrap_or(self.policy.skipping),
            unprocessed: unprocessed.unwrap_or(self.policy.unprocessed),
        }
    }
}

//! Budgets and policies of sessions, unless an offer says otherwise.

use std::collections::BTreeMap;

use framebox_catalog::Version;
use framebox_picture::Size;
use framebox_pipeline::budget::{breaker, degradation};
use framebox_pipeline::{Budgets, Policy, Skipping, Unprocessed};
use framebox_sandbox::MemoryAccount;

use super::Config;

/// Settings of sessions: the general ones, and those of single handlers.
#[derive(Clone, Debug)]
pub struct SessionDefaults {
    degradation: degradation::Settings,
    breaker: breaker::Settings,
    policy: Policy,
    largest_input: Size,
    /// What the server may hold for a session, bytes.
    memory: usize,
    /// Of which the accounts of sessions are parts.
    server: MemoryAccount,
    /// Where the policy of a handler differs.
    handlers: BTreeMap<String, (Option<Skipping>, Option<Unprocessed>)>,
}

impl Config {
    /// The settings of sessions, which may hold `memory` bytes together.
    pub fn session_defaults(&self, memory: u64) -> SessionDefaults {
        SessionDefaults {
            degradation: self.degradation.settings(),
            breaker: self.breaker.settings(),
            policy: Policy { skipping: self.server.policy, unprocessed: self.server.unprocessed },
            largest_input: self.decoder.size(),
            memory: usize::try_from(self.server.session_memory_mib << 20).unwrap_or(usize::MAX),
            server: MemoryAccount::new(usize::try_from(memory).unwrap_or(usize::MAX)),
            handlers: self.handlers.iter().map(|(name, of)| (name.clone(), (of.policy, of.unprocessed))).collect(),
        }
    }
}

impl SessionDefaults {
    /// Returns the budgets of a session that runs `version`.
    pub fn budgets(&self, version: &Version) -> Budgets {
        let (fuel_per_second, ms_per_second) = version.limits.per_second();
        let (degradation, breaker) = (self.degradation.clone(), self.breaker);
        Budgets { fuel_per_second, ms_per_second, degradation, breaker, ..Budgets::default() }
    }

    /// Returns the largest picture that cameras may send.
    pub fn largest_input(&self) -> Size {
        self.largest_input
    }

    /// Returns the account of a session that begins.
    pub fn account(&self) -> MemoryAccount {
        self.server.part(self.memory)
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

//! Another version takes over.

use std::time::Instant;

use super::Handler;
use super::version::Version;
use crate::session::swap::{PreparedSwap, Swap};
use crate::session::version_state::VersionState;

impl Handler<'_> {
    /// Swaps in a started instance; its budgets and breaker start afresh.
    pub(super) fn swap(&mut self, prepared: PreparedSwap) {
        let PreparedSwap { swap, instance, mut parameters, taken } = prepared;
        let Swap { component, limits, budgets } = swap;
        let size = component.descriptor().size;
        if let Some(permit) = &self.setup.permit {
            permit.handler_changed(Instant::now(), &component.digest().to_string());
        }
        let sequence = {
            let mut state = self.exchange.lock();
            parameters.catch_up(&mut state.version.parameters);
            state.replace_version(VersionState::new(parameters, size))
        };
        self.exchange.recorder().instances += 1;
        let version = Version::started(component, limits, &budgets, &self.setup.account, instance);
        let before = std::mem::replace(&mut self.version, version);
        // Ending it may take as long as a call, which the next frame need not wait for.
        if let Err(refused) = taken.send((sequence, before.instance)) {
            drop(refused);
        }
    }
}

//! Asks a component for its descriptor.

use std::sync::Arc;

use framebox_picture::MemoryAccount;

use super::instance::Instance;
use super::linked::Linked;
use super::new_state::new_state;
use crate::descriptor::Descriptor;
use crate::engine::Engine;
use crate::inspect::LoadError;
use crate::limits::Limits;
use crate::log::NoLog;
use crate::sources::NoSources;

/// Calls `describe` in an instance of its own, which is granted nothing. The descriptor is not checked.
pub(crate) fn describe(engine: &Engine, linked: &Linked) -> Result<Descriptor, LoadError> {
    let limits = Limits { memory: engine.max_memory(), ..Limits::default() };
    let (log, sources, account) = (Arc::new(NoLog), Arc::new(NoSources), MemoryAccount::default());
    let state = new_state(linked.kind, Arc::new([]), &limits, log, sources, account, None);
    let mut instance = Instance::new(engine, linked, state, limits)?;
    instance.describe().map_err(LoadError::Describe)
}

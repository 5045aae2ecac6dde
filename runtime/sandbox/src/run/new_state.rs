//! The state of a new instance.

use std::sync::Arc;

use framebox_picture::MemoryAccount;

use crate::descriptor::Output;
use crate::deterministic::Deterministic;
use crate::host::wasi;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::log::Log;
use crate::sources::Sources;
use crate::state::State;
use crate::state::log_limiter::LogLimiter;

/// Returns the state of a new instance, with real or deterministic clocks and random numbers.
pub(crate) fn new_state(
    kind: Kind,
    outputs: Arc<[Output]>,
    limits: &Limits,
    log: Arc<dyn Log>,
    sources: Arc<dyn Sources>,
    account: MemoryAccount,
    world: Option<&Deterministic>,
) -> State {
    let log = LogLimiter::new(log, limits);
    let wasi = match world {
        None => wasi::context(&log),
        Some(world) => wasi::deterministic(&log, world),
    };
    State::new(kind, outputs, limits, log, wasi, sources, account)
}

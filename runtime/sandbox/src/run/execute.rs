//! Executes work in a store within a budget.

use std::ops::AsyncFnOnce;
use std::time::{Duration, Instant};

use wasmtime::{PoolConcurrencyLimitError, Store, Trap};

use super::block_on::block_on_until;
use crate::call::Cost;
use crate::call_error::CallError;
use crate::engine::Engine;
use crate::limits::Budget;
use crate::state::State;
use crate::text::truncated;

/// Deadline of a call whose budget exceeds what the clock can represent.
const DAY: Duration = Duration::from_secs(86_400);

/// Runs `work` in `store` within `budget`.
pub(super) fn execute<T>(
    engine: &Engine,
    store: &mut Store<State>,
    budget: Budget,
    work: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
) -> (Result<T, CallError>, Cost) {
    let begin = Instant::now();
    let deadline = begin.checked_add(budget.time).unwrap_or(begin + DAY);
    store.data_mut().deadline = deadline;
    store.set_epoch_deadline(1);
    let result = match store.set_fuel(budget.fuel) {
        Ok(()) => {
            let _interrupts = engine.during_call(deadline);
            let _timers = engine.enter_timers();
            block_on_until(deadline, work(store))
        }
        Err(error) => Some(Err(error)),
    };
    let cost = Cost {
        time: begin.elapsed(),
        host: store.data().stopwatch.take(),
        fuel: budget.fuel.saturating_sub(store.get_fuel().unwrap_or(0)),
    };
    let memory_refused = store.data_mut().resources.take_refused();
    let refused_by_host = store.data_mut().resources.take_refused_by_host();
    let result = match result {
        None => Err(CallError::Time { limit: budget.time }),
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) if refused_by_host && !is_interrupt(&error) => {
            let message = "the server has no memory left for the handler; try again later".to_owned();
            Err(CallError::HostMemory { message, trapped: true })
        }
        Some(Err(error)) => {
            let memory_limit = memory_refused.then(|| store.data().resources.limit());
            Err(call_error(&error, budget, memory_limit))
        }
    };
    (result, cost)
}

/// Returns whether the call used up its time or its fuel.
fn is_interrupt(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref::<Trap>(), Some(Trap::Interrupt | Trap::OutOfFuel))
}

/// Translates an error of the engine. `memory_limit` is given if growth beyond it was refused during the call.
fn call_error(error: &wasmtime::Error, budget: Budget, memory_limit: Option<usize>) -> CallError {
    if let Some(limit) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return CallError::Refused(format!("too many handlers are running: {limit}; try again later"));
    }
    match (error.downcast_ref::<Trap>(), memory_limit) {
        (Some(Trap::Interrupt), _) => CallError::Time { limit: budget.time },
        (Some(Trap::OutOfFuel), _) => CallError::Fuel { limit: budget.fuel },
        (_, Some(limit)) => CallError::Memory { limit },
        (Some(trap), None) => {
            let text = trap.to_string();
            CallError::Trap(text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned())
        }
        (None, None) => CallError::Trap(truncated(&error.root_cause().to_string())),
    }
}

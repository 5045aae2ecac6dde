//! A running handler.

use std::ops::AsyncFnOnce;
use std::time::{Duration, Instant};

use wasmtime::component::Resource;
use wasmtime::{Store, UpdateDeadline};

use super::execute::execute;
use super::exports::{Exports, FrameFunction, FrameResult};
use super::instantiate_error::InstantiateError;
use super::linked::Linked;
use crate::abi::bindings::HandlerBase;
use crate::abi::convert::{self, Stop};
use crate::abi::resources::{Frame, OutputHandle};
use crate::call::{Call, Cost, Input, Output};
use crate::call_error::CallError;
use crate::descriptor::Descriptor;
use crate::engine::Engine;
use crate::limits::{Budget, Limits};
use crate::state::State;
use crate::state::canvas::CanvasError;
use crate::text::truncated;
use crate::value::NamedValue;

/// Time limit of `close`, which is called as a courtesy only.
const CLOSE_TIME: Duration = Duration::from_secs(1);

/// Bytes that a guest may pass to the host in one host call, and return, in calls of its lifecycle.
const LIFECYCLE_BYTES: usize = 4 * 1024 * 1024;

/// Number of calls during which memory grew that indicates a leak. A guest that only needs much memory has all of it after
/// the first few calls.
const LEAK: u32 = 4;

/// A running handler: one store for one session. It may move between threads but is called by one at a time.
pub struct Instance {
    engine: Engine,
    store: Store<State>,
    limits: Limits,
    exports: Exports,
    /// Calls for a frame during which memory grew.
    growths: u32,
    dead: bool,
}

impl Instance {
    /// Instantiates a component.
    pub(crate) fn new(
        engine: &Engine,
        linked: &Linked,
        state: State,
        limits: Limits,
    ) -> Result<Self, InstantiateError> {
        let mut store = Store::new(engine.wasmtime(), state);
        store.limiter(|state| &mut state.resources);
        store.set_hostcall_fuel(LIFECYCLE_BYTES);
        store.set_max_component_handles(limits.handles);
        store.epoch_deadline_callback(|context| match Instant::now() < context.data().deadline {
            true => Ok(UpdateDeadline::Continue(1)),
            false => Ok(UpdateDeadline::Interrupt),
        });
        let (exports, _) = execute(engine, &mut store, limits.setup, async |store: &mut Store<State>| {
            let instance = linked.pre.instantiate_async(&mut *store).await?;
            Ok(Exports::new(linked, store, &instance))
        });
        let exports = exports.map_err(InstantiateError::Call)?.map_err(InstantiateError::Mismatch)?;
        Ok(Self { engine: engine.clone(), store, limits, exports, growths: 0, dead: false })
    }

    /// Calls a transform or an observer with a frame.
    pub fn process(&mut self, input: Input, budget: Budget) -> Call {
        let function = match &self.exports.frame {
            FrameFunction::Transform(function) | FrameFunction::Observe(function) => *function,
            FrameFunction::Generate(_) => return refused("a generator takes no frames"),
        };
        let Input { picture, pts_us, sequence, skipped } = input;
        self.store.data_mut().input = Some(Frame { picture, pts_us, sequence, skipped, _charge: None });
        let call = self.frame_call(budget, async |store: &mut Store<State>| {
            let frame = Resource::new_borrow(Frame::INPUT);
            let output = Resource::new_borrow(OutputHandle::REP);
            function.call_async(store, (frame, output, convert::to_wit_budget(budget))).await
        });
        self.store.data_mut().input = None;
        call
    }

    /// Calls a generator for the frame at `now_us` µs after the stream began.
    pub fn next(&mut self, now_us: i64, budget: Budget) -> Call {
        let FrameFunction::Generate(function) = &self.exports.frame else {
            return refused("only a generator makes frames by itself");
        };
        let function = *function;
        self.frame_call(budget, async |store: &mut Store<State>| {
            let output = Resource::new_borrow(OutputHandle::REP);
            function.call_async(store, (now_us, output, convert::to_wit_budget(budget))).await
        })
    }

    /// Passes changed parameters to the handler, between two frames.
    ///
    /// # Errors
    /// [`CallError::Failed`] if the handler rejects them: the previous values stay in effect. Otherwise how the call failed.
    pub fn configure(&mut self, changed: &[NamedValue]) -> Result<(), CallError> {
        let changed = convert::to_wit_values(changed);
        self.lifecycle_call(async |guest: &HandlerBase, store: &mut Store<State>| {
            guest.framebox_video_lifecycle().call_configure(store, &changed).await
        })?
        .map_err(|message| CallError::Failed(truncated(&message)))
    }

    /// Returns the linear memory in use, bytes.
    pub fn memory(&self) -> usize {
        self.store.data().resources.used()
    }

    /// Returns whether the instance exceeds its soft memory limit after growing frame after frame. Replacing it between two
    /// frames frees the memory before the hard limit costs a frame.
    pub fn wants_replacement(&self) -> bool {
        !self.dead && self.growths >= LEAK && self.memory() > self.limits.soft_memory()
    }

    /// Returns whether the instance can no longer be called and has to be replaced.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Calls `close` and frees the instance. Dropping it frees it without calling `close`.
    pub fn close(mut self) {
        self.limits.setup.time = self.limits.setup.time.min(CLOSE_TIME);
        let result = self.lifecycle_call(async |guest: &HandlerBase, store: &mut Store<State>| {
            guest.framebox_video_lifecycle().call_close(store).await
        });
        if let Err(error) = result {
            tracing::debug!(%error, "closing a handler failed");
        }
    }

    /// Calls `describe`.
    pub(super) fn describe(&mut self) -> Result<Descriptor, CallError> {
        let descriptor = self.lifecycle_call(async |guest: &HandlerBase, store: &mut Store<State>| {
            guest.framebox_video_lifecycle().call_describe(store).await
        })?;
        Ok(convert::descriptor(descriptor))
    }

    /// Calls `init`.
    pub(crate) fn init(&mut self, parameters: &[NamedValue]) -> Result<(), CallError> {
        let parameters = convert::to_wit_values(parameters);
        self.lifecycle_call(async |guest: &HandlerBase, store: &mut Store<State>| {
            guest.framebox_video_lifecycle().call_init(store, &parameters).await
        })?
        .map_err(|message| CallError::Failed(truncated(&message)))
    }

    /// Calls a lifecycle function within the budget for those.
    fn lifecycle_call<T>(
        &mut self,
        call: impl AsyncFnOnce(&HandlerBase, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        if self.dead {
            return Err(dead());
        }
        let Self { engine, store, exports, limits, .. } = self;
        // No pictures are passed here: descriptors and messages are short.
        store.set_hostcall_fuel(LIFECYCLE_BYTES);
        let (result, _) = execute(engine, store, limits.setup, async |store: &mut Store<State>| {
            call(&exports.lifecycle, store).await
        });
        self.note_death(result)
    }

    /// Calls the function for a frame. Its results are returned if it succeeds, and discarded otherwise.
    fn frame_call(
        &mut self,
        budget: Budget,
        call: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<FrameResult>,
    ) -> Call {
        if self.dead {
            return Call { result: Err(dead()), cost: Cost::default() };
        }
        let memory_before = self.memory();
        self.store.set_hostcall_fuel(self.limits.host_call_bytes());
        let (result, cost) = execute(&self.engine, &mut self.store, budget, async |store: &mut Store<State>| {
            let result = call(store).await?;
            store.data_mut().write_values()?;
            Ok(result)
        });
        let result = self.note_death(result);
        self.growths = self.growths.saturating_add(u32::from(self.memory() > memory_before));
        let state = self.store.data_mut();
        let picture = state.canvas.take();
        let values = state.values.take();
        // A guest that was refused a picture may put nothing, pass the message on, or trap: the host is the reason all the same.
        let refused = match &picture {
            Err(CanvasError::Memory(error)) => Some(error.to_string()),
            _ => None,
        };
        let result = match (result, refused) {
            (Ok((Ok(()) | Err(Stop::Failed(_)),)), Some(message)) => {
                Err(CallError::HostMemory { message, trapped: false })
            }
            (Err(CallError::Trap(_)), Some(message)) => Err(CallError::HostMemory { message, trapped: true }),
            (Ok((Ok(()),)), None) => picture
                .map(|picture| Output { picture, values })
                .map_err(|error| CallError::BadOutput(error.to_string())),
            (Ok((Err(Stop::Failed(message)),)), _) => Err(CallError::Failed(truncated(&message.0))),
            (Ok((Err(Stop::Finished(reason)),)), _) => Err(CallError::Finished(truncated(&reason.0))),
            (Err(error), _) => Err(error),
        };
        Call { result, cost }
    }

    fn note_death<T>(&mut self, result: Result<T, CallError>) -> Result<T, CallError> {
        self.dead |= result.as_ref().is_err_and(CallError::kills_instance);
        result
    }
}

fn dead() -> CallError {
    CallError::Refused("this instance is dead: an earlier call was interrupted".into())
}

fn refused(why: &str) -> Call {
    Call { result: Err(CallError::Refused(why.into())), cost: Cost::default() }
}

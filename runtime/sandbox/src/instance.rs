//! A running handler.

use std::ops::AsyncFnOnce;
use std::time::{Duration, Instant};

use wasmtime::component::{Resource, TypedFunc};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};

use crate::bindings::HandlerBase;
use crate::bindings::types;
use crate::call_error::brief;
use crate::component::{Compiled, Kind};
use crate::host::frame::Frame;
use crate::host::output::Handle;
use crate::state::State;
use crate::wire::Stop;
use crate::{Budget, Call, CallError, Cost, Descriptor, Engine, Input, Limits, NamedValue, Output, block, wire};

/// What `close` may take; it is only a courtesy.
const CLOSE: Duration = Duration::from_secs(1);

/// What a guest may hand to the host in one host call, and as a result, while it is set up, bytes.
const SETUP_BYTES: usize = 4 * 1024 * 1024;

/// So many calls during which memory grew are a leak; one that only needs much has it after the first few.
const LEAK: u32 = 4;

type Given = (Result<(), Stop>,);
type OnFrame = TypedFunc<(Resource<Frame>, Resource<Handle>, types::Budget), Given>;
type OnTime = TypedFunc<(i64, Resource<Handle>, types::Budget), Given>;

/// A running handler: one store, one linear memory, one session. May move between threads, is called by one at a time.
pub struct Instance {
    engine: Engine,
    store: Store<State>,
    limits: Limits,
    guest: HandlerBase,
    frame: Function,
    /// Calls for a frame during which its memory grew.
    growths: u32,
    dead: bool,
}

/// What is called for each frame.
enum Function {
    Transform(OnFrame),
    Generate(OnTime),
    Observe(OnFrame),
}

/// Why there is no instance.
pub(crate) enum Unmade {
    /// It could not be made, or its start function failed.
    Failed(CallError),
    /// A function that it exports has another type than the interface says.
    Mismatch(wasmtime::Error),
}

/// The functions of a fresh instance, with their types checked.
fn functions(
    compiled: &Compiled,
    store: &mut Store<State>,
    instance: &wasmtime::component::Instance,
) -> wasmtime::Result<(HandlerBase, Function)> {
    let guest = compiled.lifecycle.load(&mut *store, instance)?;
    let frame = match compiled.kind {
        Kind::Transform => Function::Transform(instance.get_typed_func(&mut *store, compiled.frame)?),
        Kind::Generator => Function::Generate(instance.get_typed_func(&mut *store, compiled.frame)?),
        Kind::Observer => Function::Observe(instance.get_typed_func(&mut *store, compiled.frame)?),
    };
    Ok((guest, frame))
}

impl Instance {
    pub(crate) fn new(engine: &Engine, compiled: &Compiled, state: State, limits: Limits) -> Result<Self, Unmade> {
        let mut store = Store::new(engine.wasmtime(), state);
        store.limiter(|state| &mut state.growth);
        store.set_hostcall_fuel(SETUP_BYTES);
        store.set_max_component_handles(limits.handles);
        store.epoch_deadline_callback(|context| match Instant::now() < context.data().deadline {
            true => Ok(UpdateDeadline::Continue(1)),
            false => Ok(UpdateDeadline::Interrupt),
        });
        let made = run(engine, &mut store, limits.setup, async |store: &mut Store<State>| {
            let instance = compiled.pre.instantiate_async(&mut *store).await?;
            Ok(functions(compiled, store, &instance))
        });
        let (guest, frame) = made.0.map_err(Unmade::Failed)?.map_err(Unmade::Mismatch)?;
        Ok(Self { engine: engine.clone(), store, limits, guest, frame, growths: 0, dead: false })
    }

    /// Gives a transform or an observer a frame.
    pub fn process(&mut self, input: Input, budget: Budget) -> Call {
        let function = match &self.frame {
            Function::Transform(function) | Function::Observe(function) => *function,
            Function::Generate(_) => return refused("a generator takes no frames"),
        };
        let Input { picture, pts_us, sequence, skipped } = input;
        self.store.data_mut().input = Some(Frame { picture, pts_us, sequence, skipped });
        let call = self.frame_call(budget, async |store: &mut Store<State>| {
            let frame = Resource::new_borrow(Frame::INPUT);
            let output = Resource::new_borrow(Handle::REP);
            function.call_async(store, (frame, output, wire::budget(budget))).await
        });
        self.store.data_mut().input = None;
        call
    }

    /// Asks a generator for the next frame, `now_us` µs after the stream began.
    pub fn next(&mut self, now_us: i64, budget: Budget) -> Call {
        let Function::Generate(function) = &self.frame else {
            return refused("only a generator makes frames by itself");
        };
        let function = *function;
        self.frame_call(budget, async |store: &mut Store<State>| {
            function.call_async(store, (now_us, Resource::new_borrow(Handle::REP), wire::budget(budget))).await
        })
    }

    /// Tells the handler of changed parameters, between two frames.
    ///
    /// # Errors
    /// [`CallError::Failed`] when it does not take them: the old ones stand. Else what it did.
    pub fn configure(&mut self, changed: &[NamedValue]) -> Result<(), CallError> {
        let changed = wire::values_out(changed);
        self.setup_call(async |guest: &HandlerBase, store: &mut Store<State>| {
            guest.framebox_video_lifecycle().call_configure(store, &changed).await
        })?
        .map_err(|message| CallError::Failed(brief(&message)))
    }

    /// Linear memory that it has, bytes.
    pub fn memory(&self) -> usize {
        self.store.data().growth.used()
    }

    /// True when it has more than its soft limit of memory and got there by growing frame after frame: a fresh instance,
    /// made between two frames, gives the memory back before the hard limit costs a frame.
    pub fn wants_replacement(&self) -> bool {
        !self.dead && self.growths >= LEAK && self.memory() > self.limits.soft_memory()
    }

    /// True when nothing can be called any more and only a fresh instance can go on.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    /// Tells the handler that the session is over, and gives everything back. Dropping it tells the handler nothing.
    pub fn close(mut self) {
        self.limits.setup.time = self.limits.setup.time.min(CLOSE);
        let result = self.setup_call(async |guest: &HandlerBase, store: &mut Store<State>| {
            guest.framebox_video_lifecycle().call_close(store).await
        });
        if let Err(failure) = result {
            tracing::debug!(%failure, "a handler did not close well");
        }
    }

    pub(crate) fn describe(&mut self) -> Result<Descriptor, CallError> {
        let descriptor = self.setup_call(async |guest: &HandlerBase, store: &mut Store<State>| {
            guest.framebox_video_lifecycle().call_describe(store).await
        })?;
        Ok(wire::descriptor(descriptor))
    }

    pub(crate) fn init(&mut self, parameters: &[NamedValue]) -> Result<(), CallError> {
        let parameters = wire::values_out(parameters);
        self.setup_call(async |guest: &HandlerBase, store: &mut Store<State>| {
            guest.framebox_video_lifecycle().call_init(store, &parameters).await
        })?
        .map_err(|message| CallError::Failed(brief(&message)))
    }

    /// A call of the lifecycle, within the budget for those.
    fn setup_call<T>(
        &mut self,
        call: impl AsyncFnOnce(&HandlerBase, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        if self.dead {
            return Err(dead());
        }
        let Self { engine, store, guest, limits, .. } = self;
        // No pictures here: descriptors and reasons are short.
        store.set_hostcall_fuel(SETUP_BYTES);
        let (result, _) = run(engine, store, limits.setup, async |store: &mut Store<State>| call(guest, store).await);
        self.note(result)
    }

    /// A call for a frame; what it put is committed when it ends well, and discarded otherwise.
    fn frame_call(
        &mut self,
        budget: Budget,
        call: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<Given>,
    ) -> Call {
        if self.dead {
            return Call { result: Err(dead()), cost: Cost::default() };
        }
        let before = self.memory();
        self.store.set_hostcall_fuel(self.limits.host_call_bytes());
        let (result, cost) = run(&self.engine, &mut self.store, budget, call);
        let result = self.note(result);
        self.growths = self.growths.saturating_add(u32::from(self.memory() > before));
        let state = self.store.data_mut();
        let picture = state.canvas.take();
        let values = state.values.take();
        let result = match result {
            Ok((Ok(()),)) => picture.map(|picture| Output { picture, values }).map_err(CallError::BadOutput),
            Ok((Err(Stop::Failed(message)),)) => Err(CallError::Failed(brief(&message.0))),
            Ok((Err(Stop::Finished(reason)),)) => Err(CallError::Finished(brief(&reason.0))),
            Err(failure) => Err(failure),
        };
        Call { result, cost }
    }

    fn note<T>(&mut self, result: Result<T, CallError>) -> Result<T, CallError> {
        self.dead |= result.as_ref().is_err_and(CallError::kills_instance);
        result
    }
}

/// Runs `work` in `store` within `budget`.
fn run<T>(
    engine: &Engine,
    store: &mut Store<State>,
    budget: Budget,
    work: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
) -> (Result<T, CallError>, Cost) {
    let begin = Instant::now();
    // A budget beyond what the clock can count is as good as a day.
    let deadline = begin.checked_add(budget.time).unwrap_or(begin + Duration::from_secs(86_400));
    store.data_mut().deadline = deadline;
    store.set_epoch_deadline(1);
    let result = match store.set_fuel(budget.fuel) {
        Ok(()) => {
            let _ticks = engine.ticker().during_call(deadline);
            let _timers = engine.with_timers();
            block::until(deadline, work(store))
        }
        Err(error) => Some(Err(error)),
    };
    let cost = Cost {
        time: begin.elapsed(),
        host: store.data().stopwatch.take(),
        fuel: budget.fuel.saturating_sub(store.get_fuel().unwrap_or(0)),
    };
    let wanted_memory = store.data_mut().growth.take_refused();
    let result = match result {
        None => Err(CallError::Time { limit: budget.time }),
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => {
            let memory = wanted_memory.then(|| store.data().growth.limit());
            Err(failure(&error, budget, memory))
        }
    };
    (result, cost)
}

/// What an error of the engine means. `memory`: the limit, when growth beyond it was refused during the call.
fn failure(error: &wasmtime::Error, budget: Budget, memory: Option<usize>) -> CallError {
    if let Some(limit) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return CallError::Refused(format!("too many handlers are running: {limit}"));
    }
    match (error.downcast_ref::<Trap>(), memory) {
        (Some(Trap::Interrupt), _) => CallError::Time { limit: budget.time },
        (Some(Trap::OutOfFuel), _) => CallError::Fuel { limit: budget.fuel },
        (_, Some(limit)) => CallError::Memory { limit },
        (Some(trap), None) => {
            let text = trap.to_string();
            CallError::Trap(text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned())
        }
        (None, None) => CallError::Trap(brief(&error.root_cause().to_string())),
    }
}

fn dead() -> CallError {
    CallError::Refused("this instance is dead: an earlier call was stopped".into())
}

fn refused(why: &str) -> Call {
    Call { result: Err(CallError::Refused(why.into())), cost: Cost::default() }
}

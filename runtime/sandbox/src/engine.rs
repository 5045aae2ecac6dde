//! The compiler, the pools that instances live in, and the clock that deadlines are read by.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{Config, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig, Strategy};
use wasmtime::{Enabled, VariableOperatorCost};

use crate::component::{self, Component};
use crate::growth::{CORE_INSTANCES, MEMORIES, TABLE_ELEMENTS, TABLES};
use crate::state::State;
use crate::ticker::Ticker;
use crate::{CompileLimits, LoadError, host};

/// Address space kept for each linear memory, bytes: with all that a guest can address, bounds need no checks.
const RESERVATION: u64 = 4 * 1024 * 1024 * 1024;
/// Stack that a guest may use, bytes.
const GUEST_STACK: usize = 512 * 1024;
/// Stack of a call, the host functions below the guest's included, bytes.
const CALL_STACK: usize = 2 * 1024 * 1024;

/// How large an engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Instances that may live at once. Loading a component takes one for a moment.
    pub instances: u32,
    /// Linear memory that one instance may have at most, whatever its own limits say, bytes.
    pub memory: usize,
    /// A call that is over its deadline is told so at once, and again after each such time until it has ended.
    pub tick: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { instances: 64, memory: 256 * 1024 * 1024, tick: Duration::from_millis(1) }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The machine does not give what the settings ask for; as a rule it is address space.
    #[error("no engine for {instances} instances can be set up here: {message}")]
    Engine {
        /// As in the settings.
        instances: u32,
        /// What the WebAssembly engine says.
        message: String,
    },
    /// A thread could not be started.
    #[error("a thread of the engine could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Compiles and runs handlers. Clones share everything.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    engine: wasmtime::Engine,
    linker: Linker<State>,
    ticker: Ticker,
    /// Wakes guests that sleep; taken when this is dropped.
    timers: Option<tokio::runtime::Runtime>,
    memory: usize,
}

impl Engine {
    /// Sets up an engine. Its two threads end when the last clone, component and instance are gone.
    ///
    /// # Errors
    /// When the machine does not give the threads or the address space for it.
    pub fn new(settings: &Settings) -> Result<Self, EngineError> {
        let wrong = |error: wasmtime::Error| EngineError::Engine {
            instances: settings.instances,
            message: error.root_cause().to_string(),
        };
        let engine = wasmtime::Engine::new(&config(settings)).map_err(wrong)?;
        let linker = host::linker(&engine).map_err(wrong)?;
        let ticker = Ticker::start(engine.weak(), settings.tick)?;
        let timers = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .thread_name("framebox-timers")
            .enable_time()
            .build()?;
        let memory = settings.memory;
        Ok(Self { inner: Arc::new(Inner { engine, linker, ticker, timers: Some(timers), memory }) })
    }

    /// Checks, compiles and describes a component that comes from anywhere.
    ///
    /// Compiling takes as long as it takes: milliseconds for small components, half a minute for the largest.
    ///
    /// # Errors
    /// Why it is refused, for its author.
    pub fn load(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        self.load_within(bytes, &CompileLimits::default())
    }

    /// As [`Engine::load`], with other bounds for what may be compiled.
    ///
    /// # Errors
    /// Why it is refused, for its author.
    pub fn load_within(&self, bytes: &[u8], allowance: &CompileLimits) -> Result<Component, LoadError> {
        component::load(self, bytes, allowance)
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.engine
    }

    pub(crate) fn linker(&self) -> &Linker<State> {
        &self.inner.linker
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.inner.ticker
    }

    /// Lets what is called on this thread sleep on the engine's timers.
    pub(crate) fn with_timers(&self) -> Option<tokio::runtime::EnterGuard<'_>> {
        self.inner.timers.as_ref().map(|timers| timers.enter())
    }

    /// Linear memory that an instance may have at most, bytes.
    pub(crate) fn most_memory(&self) -> usize {
        self.inner.memory
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(timers) = self.timers.take() {
            // Waiting for its thread is not allowed on every thread that may drop the last clone.
            timers.shutdown_background();
        }
    }
}

fn config(settings: &Settings) -> Config {
    let mut config = compiling();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings)));
    config
}

/// All that compiled code depends on.
pub(crate) fn compiling() -> Config {
    let mut config = Config::new();
    config.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed);

    // Deadlines and prices. What bulk operations cost follows their length.
    let variable = VariableOperatorCost { memory_grow_per_page: 16, ..VariableOperatorCost::new() };
    config.consume_fuel(true).operator_cost(OperatorCost { variable, ..OperatorCost::new() }).epoch_interruption(true);

    // What guests in use need, and nothing else: what is young is where the escapes are found.
    config.wasm_component_model(true).wasm_simd(true).wasm_relaxed_simd(true).relaxed_simd_deterministic(true);
    config.wasm_bulk_memory(true).wasm_reference_types(true).wasm_multi_value(true).wasm_extended_const(true);
    // What carries strings between two modules of a component has the memories of both.
    config.wasm_multi_memory(true);
    config.wasm_threads(false).wasm_memory64(false).wasm_tail_call(false);
    config.wasm_gc(false).wasm_function_references(false).wasm_exceptions(false);
    config.concurrency_support(false);

    config.max_wasm_stack(GUEST_STACK).async_stack_size(CALL_STACK);
    config.memory_init_cow(true).memory_reservation(RESERVATION).parallel_compilation(true);
    config
}

fn pool(settings: &Settings) -> PoolingAllocationConfig {
    // Loading must not fail because all the others are in use.
    let instances = settings.instances.saturating_add(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        .total_stacks(instances)
        .total_gc_heaps(instances)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(settings.memory)
        .pagemap_scan(Enabled::Auto);
    pool
}

//! The WebAssembly engine with its pools, timers and deadlines.

pub(crate) mod config;
mod error;
mod settings;
mod ticker;

use std::sync::Arc;

use wasmtime::component::Linker;

pub use error::EngineError;
pub use settings::{Guests, Settings};

use crate::host;
use crate::state::State;
pub(crate) use ticker::DuringCall;
use ticker::Ticker;

/// Compiles and runs handlers. Clones share everything.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    engine: wasmtime::Engine,
    linker: Linker<State>,
    ticker: Ticker,
    /// Wakes guests that sleep. Taken on drop.
    timers: Option<tokio::runtime::Runtime>,
    /// Linear memory of an instance, at most, bytes.
    max_memory: usize,
    guests: Guests,
}

impl Engine {
    /// Creates an engine. Its two threads end when the last clone, component and instance have been dropped.
    ///
    /// # Errors
    /// When the machine lacks the threads or the address space.
    pub fn new(settings: &Settings) -> Result<Self, EngineError> {
        let failed = |error: wasmtime::Error| EngineError::Engine {
            instances: settings.instances,
            message: error.root_cause().to_string(),
        };
        let engine = wasmtime::Engine::new(&config::runtime(settings)).map_err(failed)?;
        let linker = host::linker(&engine).map_err(failed)?;
        let ticker = Ticker::start(engine.weak(), settings.tick)?;
        let timers = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .thread_name("framebox-timers")
            .enable_time()
            .build()?;
        let (max_memory, guests) = (settings.memory, settings.guests);
        Ok(Self { inner: Arc::new(Inner { engine, linker, ticker, timers: Some(timers), max_memory, guests }) })
    }

    pub(crate) fn wasmtime(&self) -> &wasmtime::Engine {
        &self.inner.engine
    }

    pub(crate) fn linker(&self) -> &Linker<State> {
        &self.inner.linker
    }

    /// Interrupts calls that are past `deadline` until the guard is dropped.
    pub(crate) fn during_call(&self, deadline: std::time::Instant) -> DuringCall<'_> {
        self.inner.ticker.during_call(deadline)
    }

    /// Lets guests that are called on this thread sleep on the engine's timers.
    pub(crate) fn enter_timers(&self) -> Option<tokio::runtime::EnterGuard<'_>> {
        self.inner.timers.as_ref().map(|timers| timers.enter())
    }

    /// Returns where guests run.
    pub(crate) fn guests(&self) -> Guests {
        self.inner.guests
    }

    /// Returns the linear memory that an instance may have, bytes.
    pub(crate) fn max_memory(&self) -> usize {
        self.inner.max_memory
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(timers) = self.timers.take() {
            // Dropping a runtime waits for its thread, which is not allowed on async threads.
            timers.shutdown_background();
        }
    }
}

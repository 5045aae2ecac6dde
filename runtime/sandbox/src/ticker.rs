//! The clock behind deadlines: a thread that advances the engine's epoch while calls are under way.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::EngineWeak;

/// Owns the thread; it ends when this is dropped.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// Calls under way.
    calls: usize,
    over: bool,
}

impl Ticker {
    /// Starts a thread that advances the epoch of `engine` every `tick`, as long as there are calls under way.
    pub(crate) fn start(engine: EngineWeak, tick: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = {
            let shared = shared.clone();
            std::thread::Builder::new().name("framebox-ticker".into()).spawn(move || shared.tick(&engine, tick))?
        };
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Says that a call is under way until the guard is dropped.
    pub(crate) fn during_call(&self) -> DuringCall<'_> {
        let mut state = self.shared.lock();
        state.calls += 1;
        let first = state.calls == 1;
        drop(state);
        if first {
            self.shared.wake.notify_one();
        }
        DuringCall { shared: &self.shared }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread has no way to panic; were there one, nothing is left that could need it.
            let _ = thread.join();
        }
    }
}

/// A call is under way.
pub(crate) struct DuringCall<'a> {
    shared: &'a Shared,
}

impl Drop for DuringCall<'_> {
    fn drop(&mut self) {
        self.shared.lock().calls -= 1;
    }
}

impl Shared {
    fn tick(&self, engine: &EngineWeak, tick: Duration) {
        loop {
            let mut state = self.lock();
            while state.calls == 0 && !state.over {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.over {
                return;
            }
            drop(state);
            std::thread::sleep(tick);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

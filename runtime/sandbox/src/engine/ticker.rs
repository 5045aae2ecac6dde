//! Interrupts calls at their deadlines: a thread sleeps until the nearest deadline and then advances the engine's epoch.
//!
//! A call that ends in time, as nearly all do, does not wake the thread.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wasmtime::EngineWeak;

/// Owns the thread, which ends on drop.
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
    /// The deadlines of the current calls, each with a number that makes it unique.
    calls: BTreeSet<(Instant, u64)>,
    next: u64,
    /// When the thread wakes up; none if it sleeps until it is notified.
    wake_at: Option<Instant>,
    stopped: bool,
}

impl State {
    /// Adds a call. Returns its number, and whether the thread has to be woken because it would sleep too long.
    fn begin(&mut self, deadline: Instant) -> (u64, bool) {
        let id = self.next;
        self.next += 1;
        self.calls.insert((deadline, id));
        (id, self.wake_at.is_none_or(|wake_at| deadline < wake_at))
    }

    /// Returns whether to advance the epoch at `now`, and how long to sleep then; none for until notified.
    fn next_step(&mut self, now: Instant, interval: Duration) -> (bool, Option<Duration>) {
        let nearest = self.calls.first().map(|(deadline, _)| *deadline);
        let due = nearest.is_some_and(|deadline| deadline <= now);
        // A call past its deadline may be entering or leaving the host at this moment: it is interrupted again.
        let sleep = nearest.map(|deadline| if due { interval } else { deadline - now });
        self.wake_at = sleep.map(|sleep| now + sleep);
        (due, sleep)
    }
}

impl Ticker {
    /// Starts a thread that advances the epoch of `engine` at each call's deadline, and then every `interval` until the call
    /// has ended.
    pub(crate) fn start(engine: EngineWeak, interval: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = {
            let shared = shared.clone();
            std::thread::Builder::new().name("framebox-ticker".into()).spawn(move || shared.tick(&engine, interval))?
        };
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Registers a call with its deadline until the guard is dropped.
    pub(crate) fn during_call(&self, deadline: Instant) -> DuringCall<'_> {
        let (id, wake) = self.shared.lock().begin(deadline);
        if wake {
            self.shared.wake.notify_one();
        }
        DuringCall { shared: &self.shared, call: (deadline, id) }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; if it did, nothing would need it any more.
            let _ = thread.join();
        }
    }
}

/// Registers a call until it is dropped.
pub(crate) struct DuringCall<'a> {
    shared: &'a Shared,
    call: (Instant, u64),
}

impl Drop for DuringCall<'_> {
    fn drop(&mut self) {
        self.shared.lock().calls.remove(&self.call);
    }
}

impl Shared {
    fn tick(&self, engine: &EngineWeak, interval: Duration) {
        let mut state = self.lock();
        while !state.stopped {
            let (due, sleep) = state.next_step(Instant::now(), interval);
            if due {
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
            state = match sleep {
                None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(sleep) => self.wake.wait_timeout(state, sleep).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(1);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_sleeps_until_the_nearest_deadline_and_is_woken_only_for_a_nearer_one() {
        let (begin, mut state) = (Instant::now(), State::default());
        assert_eq!(state.next_step(begin, INTERVAL), (false, None));
        let (late, wake) = state.begin(begin + ms(50));
        assert!(wake, "it slept until notified");
        assert_eq!(state.next_step(begin, INTERVAL), (false, Some(ms(50))));
        assert!(!state.begin(begin + ms(60)).1);
        let (early, wake) = state.begin(begin + ms(20));
        assert!(wake);
        assert_eq!(state.next_step(begin + ms(5), INTERVAL), (false, Some(ms(15))));

        assert_eq!(
            state.next_step(begin + ms(20), INTERVAL),
            (true, Some(INTERVAL)),
            "interrupted, and interrupted again"
        );
        assert_eq!(state.next_step(begin + ms(21), INTERVAL), (true, Some(INTERVAL)));
        state.calls.remove(&(begin + ms(20), early));
        state.calls.remove(&(begin + ms(50), late));
        assert_eq!(state.next_step(begin + ms(22), INTERVAL), (false, Some(ms(38))));
    }

    #[test]
    fn calls_with_the_same_deadline_are_distinct() {
        let (deadline, mut state) = (Instant::now(), State::default());
        let (first, second) = (state.begin(deadline).0, state.begin(deadline).0);
        state.calls.remove(&(deadline, first));
        assert!(state.calls.contains(&(deadline, second)));
    }
}

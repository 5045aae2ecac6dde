//! The clock behind deadlines: a thread that sleeps until the nearest deadline and then advances the engine's epoch.
//!
//! A call that ends in time, as nearly all do, costs no wake-up: the thread finds out when it wakes for another.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    /// Calls under way: when each has to be over, and a number that tells those of one moment apart.
    calls: BTreeSet<(Instant, u64)>,
    next: u64,
    /// Until when the thread sleeps; none: until it is woken.
    asleep: Option<Instant>,
    over: bool,
}

impl State {
    /// Adds a call; true when the thread has to be woken, since it sleeps for longer.
    fn begin(&mut self, deadline: Instant) -> (u64, bool) {
        let id = self.next;
        self.next += 1;
        self.calls.insert((deadline, id));
        (id, self.asleep.is_none_or(|asleep| deadline < asleep))
    }

    /// What to do at `now`: the epoch is due, and how long to sleep then; none: until woken.
    fn look(&mut self, now: Instant, again: Duration) -> (bool, Option<Duration>) {
        let nearest = self.calls.first().map(|(deadline, _)| *deadline);
        let due = nearest.is_some_and(|deadline| deadline <= now);
        // One that is over its time may be just entering the host, or coming from it: it is told again.
        let sleep = nearest.map(|deadline| if due { again } else { deadline - now });
        self.asleep = sleep.map(|sleep| now + sleep);
        (due, sleep)
    }
}

impl Ticker {
    /// Starts a thread that advances the epoch of `engine` when a call is over its time, and `again` after each such
    /// time until the call has ended.
    pub(crate) fn start(engine: EngineWeak, again: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = {
            let shared = shared.clone();
            std::thread::Builder::new().name("framebox-ticker".into()).spawn(move || shared.tick(&engine, again))?
        };
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Says that a call is under way until the guard is dropped, and when it has to be over.
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
    call: (Instant, u64),
}

impl Drop for DuringCall<'_> {
    fn drop(&mut self) {
        self.shared.lock().calls.remove(&self.call);
    }
}

impl Shared {
    fn tick(&self, engine: &EngineWeak, again: Duration) {
        let mut state = self.lock();
        while !state.over {
            let (due, sleep) = state.look(Instant::now(), again);
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

    const AGAIN: Duration = Duration::from_millis(1);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn it_sleeps_until_the_nearest_deadline_and_is_woken_only_for_a_nearer_one() {
        let (begin, mut state) = (Instant::now(), State::default());
        assert_eq!(state.look(begin, AGAIN), (false, None));
        let (late, wake) = state.begin(begin + ms(50));
        assert!(wake, "it slept without end");
        assert_eq!(state.look(begin, AGAIN), (false, Some(ms(50))));
        assert!(!state.begin(begin + ms(60)).1);
        let (early, wake) = state.begin(begin + ms(20));
        assert!(wake);
        assert_eq!(state.look(begin + ms(5), AGAIN), (false, Some(ms(15))));

        assert_eq!(state.look(begin + ms(20), AGAIN), (true, Some(AGAIN)), "told, and told again");
        assert_eq!(state.look(begin + ms(21), AGAIN), (true, Some(AGAIN)));
        state.calls.remove(&(begin + ms(20), early));
        state.calls.remove(&(begin + ms(50), late));
        assert_eq!(state.look(begin + ms(22), AGAIN), (false, Some(ms(38))));
    }

    #[test]
    fn calls_of_one_moment_are_told_apart() {
        let (deadline, mut state) = (Instant::now(), State::default());
        let (first, second) = (state.begin(deadline).0, state.begin(deadline).0);
        state.calls.remove(&(deadline, first));
        assert!(state.calls.contains(&(deadline, second)));
    }
}

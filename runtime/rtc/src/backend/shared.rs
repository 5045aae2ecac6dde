//! What the tasks of a connection share, and how they end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

use super::channel::Messages;
use super::runtime::{EndGuard, Tasks};
use super::socket::Wall;
use crate::send::Frames;
use crate::stats::Counters;
use crate::{ConnectionEvents, State};

/// What the tasks of a connection share.
pub struct Shared {
    /// Receives what happens.
    pub events: Arc<dyn ConnectionEvents>,
    /// Frames on their way to the network.
    pub frames: Arc<Frames>,
    /// Messages on their way to the data channel.
    pub messages: Arc<Messages>,
    /// Notified when a keyframe is wanted from the peer.
    pub keyframe_wanted: Arc<Notify>,
    /// Counts of the connection.
    pub counters: Arc<Counters>,
    /// The library's tasks.
    pub library_tasks: Arc<Tasks>,
    /// What the sockets may send and receive.
    pub wall: Arc<Wall>,
    /// Our own tasks.
    own_tasks: Mutex<JoinSet<()>>,
    /// The state that was reported last.
    state: Mutex<Option<State>>,
    was_connected: AtomicBool,
}

impl Shared {
    /// What the tasks of a connection that is about to be set up share.
    pub fn new(events: Arc<dyn ConnectionEvents>) -> Self {
        Self {
            events,
            frames: Arc::default(),
            messages: Arc::default(),
            keyframe_wanted: Arc::default(),
            counters: Arc::default(),
            library_tasks: Arc::default(),
            wall: Arc::default(),
            own_tasks: Mutex::default(),
            state: Mutex::default(),
            was_connected: AtomicBool::default(),
        }
    }

    /// Runs a task for as long as the connection lasts. A panic in it ends the connection.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = self.own_tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        let guard = EndGuard { ended: self.library_tasks.ended().clone(), always: false };
        tasks.spawn(async move {
            let _guard = guard;
            task.await;
        })
    }

    /// Changes the state and reports it; nothing follows an end.
    pub fn enter(&self, state: State) {
        {
            let mut current = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if *current == Some(state) || is_end(*current) {
                return;
            }
            *current = Some(state);
        }
        match state {
            State::Connected => {
                self.was_connected.store(true, Ordering::Relaxed);
                {
                    let mut limits = self.wall.limits();
                    limits.inbound.connected();
                    limits.silent = false;
                }
                self.frames.open();
            }
            State::Failed | State::Closed => self.frames.close(),
            State::Disconnected => {
                self.wall.limits().silent = true;
                self.frames.close();
            }
            // Another path is looked for after an ICE restart; the old one is given up.
            State::Connecting => self.wall.limits().silent = false,
        }
        self.events.state(state);
        if state == State::Connected {
            // Frames that were encoded before the connection was there are lost.
            self.events.keyframe_wanted();
        }
    }

    /// Returns whether the connection has been there.
    pub fn was_connected(&self) -> bool {
        self.was_connected.load(Ordering::Relaxed)
    }

    /// Returns whether the connection has ended.
    pub fn is_over(&self) -> bool {
        is_end(*self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends every task.
    pub fn abort(&self) {
        self.own_tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        self.library_tasks.abort();
    }
}

fn is_end(state: Option<State>) -> bool {
    matches!(state, Some(State::Failed | State::Closed))
}

/// Ends every task of a connection when it is dropped.
pub struct AbortGuard(pub Arc<Shared>);

impl Drop for AbortGuard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorder::{Event, Recorder};

    #[tokio::test]
    async fn a_panic_in_any_task_ends_the_connection() {
        let recorder = Arc::<Recorder>::default();
        let shared = Arc::new(Shared::new(recorder.clone()));
        super::super::closing::watch_library(&shared);
        shared.spawn(async {});
        tokio::task::yield_now().await;
        assert!(!shared.is_over(), "a task that returns ends nothing");
        shared.spawn(async { panic!("on purpose") });
        while !shared.is_over() {
            tokio::task::yield_now().await;
        }
        assert_eq!(recorder.take(), [Event::State(State::Failed)]);
    }

    #[test]
    fn states_are_reported_once_and_nothing_follows_an_end() {
        let recorder = Arc::<Recorder>::default();
        let shared = Shared::new(recorder.clone());
        for state in [State::Connecting, State::Connecting, State::Connected, State::Connected, State::Disconnected] {
            shared.enter(state);
        }
        let states = [State::Connecting, State::Connected, State::Disconnected].map(Event::State);
        let [connecting, connected, disconnected] = states;
        assert_eq!(recorder.take(), [connecting, connected.clone(), Event::KeyframeWanted, disconnected]);
        shared.enter(State::Connected);
        assert_eq!(recorder.take(), [connected, Event::KeyframeWanted]);
        assert!(!shared.is_over());
        shared.enter(State::Closed);
        shared.enter(State::Failed);
        shared.enter(State::Connected);
        assert_eq!(recorder.take(), [Event::State(State::Closed)]);
        assert!(shared.is_over());
    }
}

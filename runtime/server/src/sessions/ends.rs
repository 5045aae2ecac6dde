//! What a connection connects: a peer and a pipeline.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use framebox_rtc::Peer;
use framebox_worker::RunningSession;

/// A peer and a pipeline, each while there is one. Neither is kept alive: each of them holds what refers to the other.
#[derive(Default)]
pub struct Ends(Mutex<State>);

#[derive(Default)]
struct State {
    peer: Option<Weak<dyn Peer>>,
    session: Option<Weak<RunningSession>>,
}

impl Ends {
    /// Sets the peer, in place of the one before.
    pub fn set_peer(&self, peer: &Arc<dyn Peer>) {
        self.state().peer = Some(Arc::downgrade(peer));
    }

    /// Sets the pipeline, in place of the one before.
    pub fn set_session(&self, session: &Arc<RunningSession>) {
        self.state().session = Some(Arc::downgrade(session));
    }

    /// The peer, while it exists.
    pub fn peer(&self) -> Option<Arc<dyn Peer>> {
        self.state().peer.as_ref()?.upgrade()
    }

    /// The pipeline, while it exists.
    pub fn session(&self) -> Option<Arc<RunningSession>> {
        self.state().session.as_ref()?.upgrade()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The two ends that a session connects: a peer and a pipeline.

use std::sync::{Arc, OnceLock, Weak};

use framebox_rtc::Peer;
use framebox_worker::RunningSession;

/// A peer and a pipeline, once there are both. Neither is kept alive: each of them holds what refers to the other.
#[derive(Default)]
pub struct Ends(OnceLock<(Weak<dyn Peer>, Weak<RunningSession>)>);

impl Ends {
    /// Sets both, once.
    pub(super) fn set(&self, peer: &Arc<dyn Peer>, session: &Arc<RunningSession>) {
        let set = self.0.set((Arc::downgrade(peer), Arc::downgrade(session)));
        debug_assert!(set.is_ok(), "a session has one peer and one pipeline");
    }

    /// The peer, while it exists.
    pub fn peer(&self) -> Option<Arc<dyn Peer>> {
        self.0.get()?.0.upgrade()
    }

    /// The pipeline, while it exists.
    pub fn session(&self) -> Option<Arc<RunningSession>> {
        self.0.get()?.1.upgrade()
    }
}

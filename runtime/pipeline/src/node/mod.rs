//! Admits sessions to the machine, and limits them to its capacity.
//!
//! | module | what it holds |
//! |---|---|
//! | [`admission`] | decides whether another session fits; pure |
//! | [`host_load`] | measures the idle time of the host and the CPU time of the process |

pub mod admission;
pub mod host_load;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::node::admission::{Admission, Answer, Load, PermitId, Settings};
use crate::node::host_load::HostLoad;

/// Admits sessions and receives their reports of CPU time. There is one for a process; sessions that it did not admit are
/// not counted.
#[derive(Debug)]
pub struct Node {
    admission: Mutex<Admission>,
    /// None where the load of other processes is ignored.
    machine: Option<Mutex<HostLoad>>,
}

/// The node is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node carries as many sessions as it can; try again in {} s", retry_after.as_secs())]
pub struct OverloadedError {
    /// When another try makes sense.
    pub retry_after: Duration,
}

/// Permission for one session to run on a node; dropping it frees the capacity. It goes into the session's
/// [`Setup`](crate::Setup).
#[derive(Debug)]
pub struct AdmissionPermit {
    node: Arc<Node>,
    permit: PermitId,
}

impl Node {
    /// An empty node.
    pub fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self { admission: Mutex::new(Admission::new(settings)), machine: None })
    }

    /// An empty node that also observes the load of its host: no session reports what the network and other processes use.
    pub fn of_machine(settings: Settings) -> Arc<Self> {
        let admission = Mutex::new(Admission::new(settings));
        Arc::new(Self { admission, machine: Some(Mutex::default()) })
    }

    /// Admits a session of `handler`, if it fits; to be asked before anything is spent on an offer. The cost is learned by
    /// `handler`: the component's digest, since another version may have another cost.
    ///
    /// # Errors
    /// [`OverloadedError`] when old sessions would suffer: the answer is 503 with `Retry-After`.
    pub fn admit(self: &Arc<Self>, now: Instant, handler: &str) -> Result<AdmissionPermit, OverloadedError> {
        self.look(now);
        match self.lock().admit(now, handler) {
            Answer::Admit(permit) => Ok(AdmissionPermit { node: self.clone(), permit }),
            Answer::Refuse { retry_after } => Err(OverloadedError { retry_after }),
        }
    }

    /// Returns the node's load.
    pub fn load(&self, now: Instant) -> Load {
        self.lock().load(now)
    }

    fn look(&self, now: Instant) {
        let machine = self.machine.as_ref().map(|machine| machine.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(spare) = machine.and_then(|mut machine| machine.look(now)) {
            self.lock().observe(now, spare);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Admission> {
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AdmissionPermit {
    /// Reports that the session's threads used `cpu` since the last report. Returns, under contention, the session's fair
    /// share, ms of CPU a second.
    pub fn report(&self, now: Instant, cpu: Duration) -> Option<f64> {
        self.node.look(now);
        self.node.lock().report(now, self.permit, cpu)
    }

    /// The session goes on with another handler; its cost is learned under that name.
    pub fn handler_changed(&self, now: Instant, handler: &str) {
        self.node.lock().handler_changed(now, self.permit, handler);
    }
}

impl Drop for AdmissionPermit {
    fn drop(&mut self) {
        self.node.lock().leave(self.permit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back_when_it_is_dropped() {
        let now = Instant::now();
        let node = Node::new(Settings { capacity_ms: 300.0, unknown_ms: 200.0 });
        let permit = node.admit(now, "a").unwrap();
        let full = node.admit(now, "a").unwrap_err();
        assert_eq!(full.to_string(), "the node carries as many sessions as it can; try again in 4 s");
        assert_eq!((node.load(now).sessions, node.load(now).used_ms), (1, 200.0));
        assert_eq!(permit.report(now, Duration::from_millis(1)), None);
        drop(permit);
        assert!(node.admit(now, "a").is_ok());
    }
}

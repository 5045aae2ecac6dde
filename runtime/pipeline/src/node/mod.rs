//! Admits sessions to the machine, and limits them to its capacity.
//!
//! | module | what it holds |
//! |---|---|
//! | [`admission`] | decides whether another session fits; pure |
//! | [`memory`] | decides whether the memory of another session fits; pure |
//! | [`host_load`] | measures the idle time of the host and the CPU time of the process |
//! | [`host_memory`] | the memory of the machine, or of the group that the process runs in |

pub mod admission;
pub mod host_load;
pub mod host_memory;
pub mod memory;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::node::admission::{Admission, Answer, Load, PermitId, Settings};
use crate::node::host_load::HostLoad;
use crate::node::memory::MemoryBudget;

/// When another try makes sense after a session was refused for memory: that is given back when others end.
const RETRY: Duration = Duration::from_secs(10);

/// Admits sessions and receives their reports of CPU time. There is one for a process; sessions that it did not admit are
/// not counted.
#[derive(Debug)]
pub struct Node {
    admission: Mutex<Admission>,
    /// Always taken alone.
    memory: Mutex<MemoryBudget>,
    /// None where the load of other processes is ignored.
    machine: Option<Mutex<HostLoad>>,
}

/// The node is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverloadedError {
    /// The running sessions use the processors.
    #[error("the node carries as many sessions as it can; try again in {} s", retry_after.as_secs())]
    Cpu {
        /// When another try makes sense.
        retry_after: Duration,
    },
    /// The running sessions hold the memory.
    #[error(
        "the node has no memory left for another session, which may need {} MiB; try again in {} s",
        expected >> 20,
        retry_after.as_secs()
    )]
    Memory {
        /// What the session is expected to hold, bytes.
        expected: u64,
        /// When another try makes sense.
        retry_after: Duration,
    },
}

impl OverloadedError {
    /// Returns when another try makes sense.
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Cpu { retry_after } | Self::Memory { retry_after, .. } => *retry_after,
        }
    }
}

/// Permission for one session to run on a node; dropping it frees the capacity. It goes into the session's
/// [`Setup`](crate::Setup).
#[derive(Debug)]
pub struct AdmissionPermit {
    node: Arc<Node>,
    permit: PermitId,
}

impl Node {
    /// An empty node whose sessions may hold `memory` bytes together.
    pub fn new(settings: Settings, memory: u64) -> Arc<Self> {
        Self::made(settings, memory, None)
    }

    /// An empty node that also observes the load of its host: no session reports what the network and other processes use.
    pub fn of_machine(settings: Settings, memory: u64) -> Arc<Self> {
        Self::made(settings, memory, Some(Mutex::default()))
    }

    fn made(settings: Settings, memory: u64, machine: Option<Mutex<HostLoad>>) -> Arc<Self> {
        let (admission, memory) = (Mutex::new(Admission::new(settings)), Mutex::new(MemoryBudget::new(memory)));
        Arc::new(Self { admission, memory, machine })
    }

    /// Admits a session of `handler`, if it fits; to be asked before anything is spent on an offer. CPU and memory are learned
    /// by `handler`: the component's digest, since another version may have another cost. `unknown`: what a session may hold of
    /// whose handler nothing was learned, bytes.
    ///
    /// # Errors
    /// [`OverloadedError`] when old sessions would suffer: the answer is 503 with `Retry-After`.
    pub fn admit(
        self: &Arc<Self>,
        now: Instant,
        handler: &str,
        unknown: u64,
    ) -> Result<AdmissionPermit, OverloadedError> {
        self.look(now);
        let permit = match self.lock().admit(now, handler) {
            Answer::Admit(permit) => AdmissionPermit { node: self.clone(), permit },
            Answer::Refuse { retry_after } => return Err(OverloadedError::Cpu { retry_after }),
        };
        let mut memory = self.memory();
        let expected = memory.expected(handler, unknown);
        if !memory.fits(now, expected) {
            // Dropping the permit takes the lock again.
            drop(memory);
            return Err(OverloadedError::Memory { expected, retry_after: RETRY });
        }
        memory.enter(now, permit.permit, handler, expected);
        drop(memory);
        Ok(permit)
    }

    /// Returns what the sessions hold or are expected to hold, bytes.
    pub fn memory_used(&self, now: Instant) -> u64 {
        self.memory().used(now)
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

    fn memory(&self) -> MutexGuard<'_, MemoryBudget> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Reports what the session holds: linear memory, what is charged to its account, and its decoder, bytes.
    pub fn report_memory(&self, now: Instant, bytes: u64) {
        self.node.memory().report(now, self.permit, bytes);
    }

    /// The session goes on with another handler; its cost is learned under that name.
    pub fn handler_changed(&self, now: Instant, handler: &str) {
        self.node.lock().handler_changed(now, self.permit, handler);
        self.node.memory().handler_changed(self.permit, handler);
    }
}

impl Drop for AdmissionPermit {
    fn drop(&mut self) {
        self.node.lock().leave(self.permit);
        self.node.memory().leave(self.permit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_place_is_given_back_when_it_is_dropped() {
        let now = Instant::now();
        let node = Node::new(Settings { capacity_ms: 300.0, unknown_ms: 200.0 }, u64::MAX);
        let permit = node.admit(now, "a", MIB).unwrap();
        let full = node.admit(now, "a", MIB).unwrap_err();
        assert_eq!(full.to_string(), "the node carries as many sessions as it can; try again in 4 s");
        assert_eq!((node.load(now).sessions, node.load(now).used_ms), (1, 200.0));
        assert_eq!(permit.report(now, Duration::from_millis(1)), None);
        drop(permit);
        assert!(node.admit(now, "a", MIB).is_ok());
    }

    #[test]
    fn a_session_is_refused_for_memory_in_words_and_leaves_nothing_behind() {
        let now = Instant::now();
        let node = Node::new(Settings { capacity_ms: f64::INFINITY, unknown_ms: 200.0 }, 500 * MIB);
        let permits: Vec<_> = (0..2).map(|_| node.admit(now, "a", 250 * MIB).unwrap()).collect();
        let full = node.admit(now, "a", 250 * MIB).unwrap_err();
        assert_eq!(
            full.to_string(),
            "the node has no memory left for another session, which may need 250 MiB; try again in 10 s"
        );
        assert_eq!((full.retry_after(), node.load(now).sessions), (RETRY, 2));
        permits[0].report_memory(now, 400 * MIB);
        assert_eq!(node.memory_used(now), 650 * MIB, "what is held counts, also beyond what was expected");
        assert_eq!(permits[0].report(now, Duration::from_millis(1)), None, "processors are not limited");
        drop(permits);
        assert_eq!((node.memory_used(now), node.load(now).sessions), (0, 0));
    }
}

//! What a session uses of the machine, and may use.

use std::time::{Duration, Instant};

use crate::node::AdmissionPermit;

/// Permission for a session to run, to which it reports what it uses. Every method returns at once.
pub trait Permit: Send + Sync {
    /// The session's threads used `cpu` since the last report. Returns, under contention, the session's fair share, ms of
    /// CPU a second.
    fn report(&self, now: Instant, cpu: Duration) -> Option<f64>;
    /// The session holds `bytes`: linear memory, what is charged to its account, and its decoder.
    fn report_memory(&self, now: Instant, bytes: u64);
    /// The session goes on with another handler: the digest of its component.
    fn handler_changed(&self, now: Instant, handler: &str);
}

impl Permit for AdmissionPermit {
    fn report(&self, now: Instant, cpu: Duration) -> Option<f64> {
        self.report(now, cpu)
    }

    fn report_memory(&self, now: Instant, bytes: u64) {
        self.report_memory(now, bytes);
    }

    fn handler_changed(&self, now: Instant, handler: &str) {
        self.handler_changed(now, handler);
    }
}

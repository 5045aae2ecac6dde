//! Reports what the session uses to the server, which knows the machine.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use framebox_pipeline::Permit;

use super::connection::Sender;
use crate::protocol::FromWorker;

/// How often it is reported.
const INTERVAL: Duration = Duration::from_millis(100);

/// Collects the use, and reports it from time to time. Clones share everything.
#[derive(Clone)]
pub(super) struct ReportedPermit {
    sender: Sender,
    state: Arc<Mutex<State>>,
}

struct State {
    used: Duration,
    /// What the session holds, bytes.
    holds: u64,
    reported: Option<Instant>,
    share: Option<f64>,
}

impl ReportedPermit {
    pub(super) fn new(sender: Sender) -> Self {
        Self {
            sender,
            state: Arc::new(Mutex::new(State { used: Duration::ZERO, holds: 0, reported: None, share: None })),
        }
    }

    /// The server says what the session's fair share is, ms of CPU a second.
    pub(super) fn set_share(&self, share: Option<f64>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).share = share;
    }
}

impl Permit for ReportedPermit {
    fn report(&self, now: Instant, cpu: Duration) -> Option<f64> {
        let (due, share) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.used += cpu;
            let due = state.reported.is_none_or(|last| now.saturating_duration_since(last) >= INTERVAL);
            let due = due.then(|| {
                state.reported = Some(now);
                (std::mem::take(&mut state.used), state.holds)
            });
            (due, state.share)
        };
        if let Some((used, bytes)) = due {
            self.sender.message(&FromWorker::Used { us: used.as_micros() as u64, bytes });
        }
        share
    }

    fn report_memory(&self, _now: Instant, bytes: u64) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).holds = bytes;
    }

    /// The server makes the change, and knows.
    fn handler_changed(&self, _now: Instant, _handler: &str) {}
}

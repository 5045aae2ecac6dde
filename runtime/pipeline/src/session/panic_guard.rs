//! A panic is an error of this program. It ends the session whose thread it happens on, with a reason; everything that the
//! session holds is freed as at any other end, and other sessions go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::exchange::Exchange;

/// Why a session ends when one of its threads panicked.
pub const REASON: &str = "an internal error ended the session; the server's log says more";

/// Ends the session when its thread panics.
pub(crate) struct PanicGuard {
    exchange: Arc<Exchange>,
    /// What the thread does.
    what: &'static str,
}

impl PanicGuard {
    pub(crate) fn new(exchange: Arc<Exchange>, what: &'static str) -> Self {
        Self { exchange, what }
    }
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("{} panicked: the session ends", self.what);
            self.exchange.fail(REASON);
        }
    }
}

/// Runs a thread's work.
///
/// # Errors
/// The reason for the end of the session, when the work panicked. What it held is dropped then.
pub(crate) fn catch<T>(what: &'static str, work: impl FnOnce() -> T) -> Result<T, &'static str> {
    // What several threads share is behind locks that each make only whole changes.
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        tracing::error!("{what} panicked: the session ends");
        REASON
    })
}

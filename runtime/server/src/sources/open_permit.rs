//! Bounds how many sources are open at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most sources that all handlers together hold open; each may take some tens of megabytes.
const MAX_OPEN: usize = 128;

/// Counts the open sources of a server.
#[derive(Clone, Default)]
pub(super) struct OpenCount(Arc<AtomicUsize>);

impl OpenCount {
    /// Permits one more source; `None` when as many as allowed are open.
    pub(super) fn acquire(&self) -> Option<OpenPermit> {
        let more = |open: usize| (open < MAX_OPEN).then_some(open + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(OpenPermit(self.clone()))
    }
}

/// Permission to hold one source open; released on drop.
pub(super) struct OpenPermit(OpenCount);

impl Drop for OpenPermit {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

//! Bounds how many sources are open, and how many are decoded by ffmpeg, at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most sources that all handlers together hold open; each may take some tens of megabytes.
pub(super) const MAX_OPEN: usize = 128;
/// Most of them that ffmpeg decodes: each is a process, which may take some hundreds of megabytes.
pub(super) const MAX_DECODED: usize = 16;

/// Counts the open sources of a server.
#[derive(Clone, Default)]
pub(super) struct OpenCount(Arc<AtomicUsize>);

impl OpenCount {
    /// Permits one more source; `None` when `most` are open.
    pub(super) fn acquire(&self, most: usize) -> Option<OpenPermit> {
        let more = |open: usize| (open < most).then_some(open + 1);
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

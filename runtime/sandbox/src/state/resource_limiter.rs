//! Limits the linear memory and the tables of one instance.

use wasmtime::{Error, ResourceLimiter, Result};

/// Elements of one table, at most.
pub(crate) const TABLE_ELEMENTS: usize = 100_000;
/// Core instances in a component, at most.
pub(crate) const CORE_INSTANCES: u32 = 40;
/// Linear memories in a component, at most.
pub(crate) const MEMORIES: u32 = 4;
/// Tables in a component, at most.
pub(crate) const TABLES: u32 = 16;

/// Counts an instance's linear memory and refuses growth beyond the limit.
pub(crate) struct Limiter {
    /// Bytes.
    limit: usize,
    /// Bytes.
    used: usize,
    /// Bytes that the growth in progress adds.
    pending: usize,
    /// Whether growth was refused since the last [`Self::take_refused`].
    refused: bool,
}

impl Limiter {
    /// Allows `limit` bytes of linear memory, all memories together.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: 0, pending: 0, refused: false }
    }

    /// Returns the linear memory in use, bytes.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Returns the limit, bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Returns whether memory was refused since the previous call of this function.
    pub(crate) fn take_refused(&mut self) -> bool {
        std::mem::take(&mut self.refused)
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current);
        let fits = self.used.checked_add(more).is_some_and(|sum| sum <= self.limit);
        if fits {
            self.used += more;
            self.pending = more;
        } else {
            self.pending = 0;
            self.refused = true;
        }
        Ok(fits)
    }

    fn memory_grow_failed(&mut self, _error: Error) -> Result<()> {
        // The guest's own maximum or the size of the pool's slot prevented the limiter.
        self.used -= std::mem::take(&mut self.pending);
        self.refused = true;
        Ok(())
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES as usize
    }

    fn tables(&self) -> usize {
        TABLES as usize
    }

    fn memories(&self) -> usize {
        MEMORIES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_counted_together_and_failed_growth_is_subtracted() {
        let mut limiter = Limiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 41, None).unwrap());
        assert!(limiter.take_refused() && !limiter.take_refused());
        assert!(limiter.memory_growing(60, 90, None).unwrap());
        limiter.memory_grow_failed(Error::msg("no room")).unwrap();
        assert_eq!(limiter.used(), 60);
        assert!(limiter.take_refused());
        assert!(!limiter.memory_growing(60, usize::MAX, None).unwrap());
    }
}

//! Keeps the memory and the tables of one instance within their limits.

use wasmtime::{Error, ResourceLimiter, Result};

/// Elements of one table.
pub(crate) const TABLE_ELEMENTS: usize = 100_000;
/// Core instances within a component.
pub(crate) const CORE_INSTANCES: u32 = 40;
/// Linear memories within a component.
pub(crate) const MEMORIES: u32 = 4;
/// Tables within a component.
pub(crate) const TABLES: u32 = 16;

/// Counts what the instance has and refuses what is too much.
pub(crate) struct Growth {
    limit: usize,
    used: usize,
    /// What the growth that is just being tried would add, bytes.
    trying: usize,
    refused: bool,
}

impl Growth {
    /// At most `limit` bytes of linear memory, all memories together.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: 0, trying: 0, refused: false }
    }

    /// Bytes of linear memory that the instance has.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// The limit, bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// True when memory was refused since the last call of this.
    pub(crate) fn take_refused(&mut self) -> bool {
        std::mem::take(&mut self.refused)
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current);
        let fits = self.used.checked_add(more).is_some_and(|sum| sum <= self.limit);
        if fits {
            self.used += more;
            self.trying = more;
        } else {
            self.trying = 0;
            self.refused = true;
        }
        Ok(fits)
    }

    fn memory_grow_failed(&mut self, _error: Error) -> Result<()> {
        // The guest's own maximum or the pool's slot was in the way.
        self.used -= std::mem::take(&mut self.trying);
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
    fn memories_are_counted_together_and_failed_growth_is_given_back() {
        let mut growth = Growth::new(100);
        assert!(growth.memory_growing(0, 60, None).unwrap());
        assert!(!growth.memory_growing(0, 41, None).unwrap());
        assert!(growth.take_refused() && !growth.take_refused());
        assert!(growth.memory_growing(60, 90, None).unwrap());
        growth.memory_grow_failed(Error::msg("no room")).unwrap();
        assert_eq!(growth.used(), 60);
        assert!(growth.take_refused());
        assert!(!growth.memory_growing(60, usize::MAX, None).unwrap());
    }
}

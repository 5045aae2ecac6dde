//! Limits the linear memory and the tables of one instance.

use framebox_picture::{Charge, MemoryAccount};
use wasmtime::{Error, ResourceLimiter, Result};

/// Elements of all tables of an instance, at most.
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
    /// The same, as a part of what all sessions hold.
    charge: Option<Charge>,
    /// Bytes that the growth in progress adds.
    pending: usize,
    /// Elements of all tables.
    elements: usize,
    /// Elements that the growth in progress adds.
    pending_elements: usize,
    /// Whether growth was refused since the last [`Self::take_refused`].
    refused: bool,
    /// Likewise, because all sessions together have too much.
    refused_by_host: bool,
}

impl Limiter {
    /// Allows `limit` bytes of linear memory, all memories together, as long as the whole of which the session's account is
    /// a part has room for them.
    pub(crate) fn new(limit: usize, account: &MemoryAccount) -> Self {
        Self {
            limit,
            used: 0,
            charge: account.whole().map(MemoryAccount::nothing),
            pending: 0,
            elements: 0,
            pending_elements: 0,
            refused: false,
            refused_by_host: false,
        }
    }

    /// Returns the linear memory in use, bytes.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Returns the limit, bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    fn charge(&mut self, bytes: usize) -> bool {
        let fits = self.charge.as_mut().is_none_or(|charge| charge.resize(bytes).is_ok());
        self.refused_by_host |= !fits;
        fits
    }

    /// Returns whether memory was refused because all sessions together have too much, since the previous call of this
    /// function.
    pub(crate) fn take_refused_by_host(&mut self) -> bool {
        std::mem::take(&mut self.refused_by_host)
    }

    /// Returns whether memory was refused since the previous call of this function.
    pub(crate) fn take_refused(&mut self) -> bool {
        std::mem::take(&mut self.refused)
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current);
        let sum = self.used.checked_add(more).filter(|sum| *sum <= self.limit);
        let fits = sum.is_some_and(|sum| self.charge(sum));
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
        // Less always fits.
        self.charge(self.used);
        self.refused = true;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let more = desired.saturating_sub(current);
        let fits = self.elements.checked_add(more).is_some_and(|sum| sum <= TABLE_ELEMENTS);
        self.pending_elements = if fits { more } else { 0 };
        self.elements += self.pending_elements;
        Ok(fits)
    }

    fn table_grow_failed(&mut self, _error: Error) -> Result<()> {
        self.elements -= std::mem::take(&mut self.pending_elements);
        Ok(())
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
        let mut limiter = Limiter::new(100, &MemoryAccount::unlimited());
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 41, None).unwrap());
        assert!(limiter.take_refused() && !limiter.take_refused());
        assert!(limiter.memory_growing(60, 90, None).unwrap());
        limiter.memory_grow_failed(Error::msg("no room")).unwrap();
        assert_eq!(limiter.used(), 60);
        assert!(limiter.take_refused());
        assert!(!limiter.memory_growing(60, usize::MAX, None).unwrap());
    }

    #[test]
    fn memory_is_refused_when_all_sessions_together_have_too_much() {
        let server = MemoryAccount::new(100);
        let mut limiter = Limiter::new(1000, &server.part(5));
        assert!(
            limiter.memory_growing(0, 60, None).unwrap(),
            "it is not a part of what the host holds for the session"
        );
        let other = server.charge(30).unwrap();
        assert!(!limiter.memory_growing(60, 80, None).unwrap());
        assert!(limiter.take_refused_by_host() && !limiter.take_refused_by_host());
        drop(other);
        assert!(limiter.memory_growing(60, 80, None).unwrap());
        drop(limiter);
        assert_eq!(server.used(), 0);
    }

    #[test]
    fn tables_are_counted_together() {
        let mut limiter = Limiter::new(100, &MemoryAccount::unlimited());
        assert!(limiter.table_growing(0, TABLE_ELEMENTS - 10, None).unwrap());
        assert!(!limiter.table_growing(0, 11, None).unwrap());
        assert!(limiter.table_growing(0, 10, None).unwrap());
        limiter.table_grow_failed(Error::msg("no room")).unwrap();
        assert!(limiter.table_growing(5, 15, None).unwrap());
        assert!(!limiter.table_growing(0, usize::MAX, None).unwrap());
    }
}

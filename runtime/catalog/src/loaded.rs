//! Components in memory: loaded at their first use, kept as long as they are in use or among those that were used last.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framebox_sandbox::{Component, Digest};
use tokio::sync::OnceCell;

/// Where a component is, once it is loaded. Whoever has one keeps it in memory.
pub type Slot = OnceCell<Component>;

/// Components by digest.
pub struct Loaded {
    most: usize,
    table: Mutex<Table<Slot>>,
}

impl Loaded {
    /// None yet, and at most `most` that are not in use.
    pub fn new(most: usize) -> Self {
        Self { most, table: Mutex::default() }
    }

    /// The component of that digest, loaded by `load` when it is not there. Of those who come at once, one loads it.
    pub async fn get<E>(
        &self,
        digest: Digest,
        load: impl Future<Output = Result<Component, E>>,
    ) -> Result<(Component, Arc<Slot>), E> {
        let slot = self.table().take(digest, self.most);
        let component = slot.get_or_try_init(|| load).await?.clone();
        Ok((component, slot))
    }

    /// Keeps what was loaded elsewhere.
    pub fn put(&self, component: Component) {
        // One that is there already is the same.
        let _ = self.table().take(component.digest(), self.most).set(component);
    }

    /// Forgets a component; who uses it keeps it.
    pub fn forget(&self, digest: &Digest) {
        self.table().slots.remove(digest);
    }

    fn table(&self) -> MutexGuard<'_, Table<Slot>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Slots with the time of their last use, in uses.
struct Table<S> {
    uses: u64,
    slots: HashMap<Digest, (u64, Arc<S>)>,
}

impl<S> Default for Table<S> {
    fn default() -> Self {
        Self { uses: 0, slots: HashMap::new() }
    }
}

impl<S: Default> Table<S> {
    /// The slot of a digest. When there are more than `most`, the one that was not used for longest goes, unless it is in
    /// use.
    fn take(&mut self, digest: Digest, most: usize) -> Arc<S> {
        self.uses += 1;
        let (used, slot) = self.slots.entry(digest).or_default();
        *used = self.uses;
        let slot = slot.clone();
        while self.slots.len() > most {
            let idle = self.slots.iter().filter(|(_, (_, slot))| Arc::strong_count(slot) == 1);
            let Some(oldest) = idle.min_by_key(|(_, (used, _))| *used).map(|(digest, _)| *digest) else { break };
            self.slots.remove(&oldest);
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_use_or_was_used_last_stays() {
        let mut table = Table::<()>::default();
        let digest = |n: u8| Digest::of(&[n]);
        let held = table.take(digest(0), 3);
        for n in 1..6 {
            table.take(digest(n), 3);
            table.take(digest(1), 3);
        }
        let mut there: Vec<_> = (0..6).filter(|n| table.slots.contains_key(&digest(*n))).collect();
        assert_eq!(there, [0, 1, 5]);
        drop(held);
        table.take(digest(6), 3);
        there = (0..7).filter(|n| table.slots.contains_key(&digest(*n))).collect();
        assert_eq!(there, [1, 5, 6]);
    }
}

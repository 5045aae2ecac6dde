//! Components in memory: loaded at their first use, kept while in use or among those used last.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framebox_sandbox::{Component, Digest};
use tokio::sync::OnceCell;

/// Holds a component once it is loaded. A component stays in memory as long as its slot is held.
pub type Slot = OnceCell<Component>;

/// Loaded components by digest.
pub struct ComponentCache {
    most_idle: usize,
    table: Mutex<Table<Slot>>,
}

impl ComponentCache {
    /// Creates an empty cache that keeps at most `most_idle` components that are not in use.
    pub fn new(most_idle: usize) -> Self {
        Self { most_idle, table: Mutex::default() }
    }

    /// Returns the component of a digest, loaded by `load` when it is absent. Of concurrent callers, one loads it.
    pub async fn get<E>(
        &self,
        digest: Digest,
        load: impl Future<Output = Result<Component, E>>,
    ) -> Result<(Component, Arc<Slot>), E> {
        let slot = self.table().take(digest, self.most_idle);
        let component = slot.get_or_try_init(|| load).await?.clone();
        Ok((component, slot))
    }

    /// Adds a component that was loaded elsewhere.
    pub fn put(&self, component: Component) {
        // A component that is present already is the same one.
        let _ = self.table().take(component.digest(), self.most_idle).set(component);
    }

    /// Removes a component. Sessions that use it keep it.
    pub fn remove(&self, digest: &Digest) {
        self.table().slots.remove(digest);
    }

    fn table(&self) -> MutexGuard<'_, Table<Slot>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Slots with the time of their last use, counted in uses.
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
    /// Returns the slot of a digest. While there are more than `most`, the least recently used idle one is removed.
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
    fn slots_in_use_and_recently_used_slots_stay() {
        let mut table = Table::<()>::default();
        let digest = |n: u8| Digest::of(&[n]);
        let held = table.take(digest(0), 3);
        for n in 1..6 {
            table.take(digest(n), 3);
            table.take(digest(1), 3);
        }
        let mut present: Vec<_> = (0..6).filter(|n| table.slots.contains_key(&digest(*n))).collect();
        assert_eq!(present, [0, 1, 5]);
        drop(held);
        table.take(digest(6), 3);
        present = (0..7).filter(|n| table.slots.contains_key(&digest(*n))).collect();
        assert_eq!(present, [1, 5, 6]);
    }
}

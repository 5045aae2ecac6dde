//! Which token brought what: the sum that quotas are held against, kept by the running server in `rights.redb`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, TableDefinition};

use super::quota::{QuotaError, Quota, Used};

/// (token, handler, version) → bytes.
const BROUGHT: TableDefinition<'_, (&str, &str, u64), u64> = TableDefinition::new("brought");

/// The usage.
pub struct Usage {
    database: Database,
    /// By token, what uploads that are under way take.
    under_way: Arc<Mutex<BTreeMap<String, Used>>>,
}

/// Why a place could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// The quota is used up.
    #[error(transparent)]
    QuotaError(#[from] QuotaError),
    /// The usage cannot be read.
    #[error("the usage of uploads cannot be read: {0}")]
    Usage(#[from] redb::Error),
}

/// The place of an upload that is under way; dropped, it is free.
pub struct Reservation {
    token: String,
    taken: Used,
    under_way: Arc<Mutex<BTreeMap<String, Used>>>,
}

impl Usage {
    /// That of the data directory `folder`; without one it is forgotten at the end.
    ///
    /// # Errors
    /// When the database cannot be opened: it is damaged, or another server has it.
    pub fn open(folder: Option<&Path>) -> Result<Self, redb::Error> {
        let database = match folder {
            Some(folder) => Database::create(folder.join("rights.redb"))?,
            None => Database::builder().create_with_backend(InMemoryBackend::new())?,
        };
        let begin = database.begin_write()?;
        begin.open_table(BROUGHT)?;
        begin.commit()?;
        Ok(Self { database, under_way: Arc::default() })
    }

    /// A place for an upload of `bytes` as a version of `handler`.
    ///
    /// # Errors
    /// When the quota is used up, by what is there and what is under way.
    pub fn reserve(&self, token: &str, quota: &Quota, handler: &str, bytes: u64) -> Result<Reservation, ReserveError> {
        // Held throughout: two uploads do not both get the last place.
        let mut under_way = lock(&self.under_way);
        let (used, known) = self.used(token, handler)?;
        let waiting = under_way.get(token).copied().unwrap_or_default();
        let sum = Used { handlers: used.handlers + waiting.handlers, bytes: used.bytes.saturating_add(waiting.bytes) };
        quota.admit(sum, !known, bytes)?;
        let taken = Used { handlers: u64::from(!known), bytes };
        let entry = under_way.entry(token.to_owned()).or_default();
        entry.handlers += taken.handlers;
        entry.bytes = entry.bytes.saturating_add(taken.bytes);
        Ok(Reservation { token: token.to_owned(), taken, under_way: self.under_way.clone() })
    }

    /// Notes a version that `token` brought.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, token: &str, handler: &str, version: u64, bytes: u64) -> Result<(), redb::Error> {
        let change = self.database.begin_write()?;
        change.open_table(BROUGHT)?.insert((token, handler, version), bytes)?;
        Ok(change.commit()?)
    }

    /// Strikes out a version of `handler`, or all of them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remove(&self, handler: &str, version: Option<u64>) -> Result<(), redb::Error> {
        let change = self.database.begin_write()?;
        let is_it = |(_, name, number): (&str, &str, u64), _: u64| {
            name == handler && version.is_none_or(|version| version == number)
        };
        change.open_table(BROUGHT)?.retain(|key, bytes| !is_it(key, bytes))?;
        Ok(change.commit()?)
    }

    /// What `token` brought, and whether a version of `handler` is among it.
    fn used(&self, token: &str, handler: &str) -> Result<(Used, bool), redb::Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(BROUGHT)?;
        let (mut names, mut bytes) = (BTreeSet::new(), 0_u64);
        for row in table.range((token, "", 0)..)? {
            let (key, size) = row?;
            let (owner, name, _) = key.value();
            if owner != token {
                break;
            }
            names.insert(name.to_owned());
            bytes = bytes.saturating_add(size.value());
        }
        Ok((Used { handlers: names.len() as u64, bytes }, names.contains(handler)))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut under_way = lock(&self.under_way);
        if let Some(sum) = under_way.get_mut(&self.token) {
            sum.handlers = sum.handlers.saturating_sub(self.taken.handlers);
            sum.bytes = sum.bytes.saturating_sub(self.taken.bytes);
            if *sum == Used::default() {
                under_way.remove(&self.token);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_brought_counts_until_it_is_deleted_and_what_is_under_way_counts_too() {
        let usage = Usage::open(None).unwrap();
        let quota = Quota { handlers: Some(2), mib: Some(1), uploads_a_minute: None };
        let reserve = |name: &str, bytes| usage.reserve("ci", &quota, name, bytes);
        let one = reserve("one", 1000).unwrap();
        usage.add("ci", "one", 1, 1000).unwrap();
        drop(one);
        let two = reserve("two", 1000).unwrap();
        let handlers =
            |result: Result<Reservation, ReserveError>| matches!(result, Err(ReserveError::QuotaError(QuotaError::Handlers { .. })));
        assert!(handlers(reserve("three", 1000)), "the second is under way");
        assert!(reserve("one", 1000).is_ok(), "another version is no other handler");
        drop(two);
        let three = reserve("three", (1 << 20) - 1000).unwrap();
        let full = |result: Result<Reservation, ReserveError>| matches!(result, Err(ReserveError::QuotaError(QuotaError::Bytes { .. })));
        assert!(full(reserve("one", 1)));
        drop(three);
        usage.add("ci", "two", 1, 0).unwrap();
        usage.add("ci", "two", 2, (1 << 20) - 1000).unwrap();
        assert!(full(reserve("two", 1)) && handlers(reserve("three", 1)));
        usage.remove("two", Some(2)).unwrap();
        assert!(reserve("two", 1).is_ok() && handlers(reserve("three", 1)));
        usage.remove("two", None).unwrap();
        assert!(reserve("three", 1).is_ok());
        // Neighbours in the order of keys are somebody else's.
        usage.add("ci2", "x", 1, 1 << 30).unwrap();
        usage.add("c", "x", 1, 1 << 30).unwrap();
        assert!(reserve("three", 1).is_ok());
    }
}

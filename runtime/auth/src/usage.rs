//! Usage: what was uploaded with which token, against which quotas are checked. Kept in `rights.redb`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, TableDefinition};

use super::quota::{Quota, QuotaError, Used};

/// (token, handler, version) → bytes. The name on the disk does not change.
const UPLOADS: TableDefinition<'_, (&str, &str, u64), u64> = TableDefinition::new("brought");

/// Why usage cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the record of uploads, rights.redb: {0}")]
pub struct Error(redb::Error);

impl<E: Into<redb::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// Why room for an upload cannot be reserved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReserveError {
    /// The quota is exceeded.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// The record cannot be read.
    #[error(transparent)]
    Usage(#[from] Error),
}

/// What was uploaded with which token.
pub struct Usage {
    database: Database,
    /// Reserved for uploads in progress, by token.
    reserved: Arc<Mutex<BTreeMap<String, Used>>>,
}

/// Room for an upload in progress, free again when it is dropped.
pub struct Reservation {
    token: String,
    room: Used,
    reserved: Arc<Mutex<BTreeMap<String, Used>>>,
}

impl Usage {
    /// Opens the record in the data directory `folder`; without one it is lost at the end.
    ///
    /// # Errors
    /// When the database cannot be opened: it is damaged, or another server uses it.
    pub fn open(folder: Option<&Path>) -> Result<Self, Error> {
        let database = match folder {
            Some(folder) => Database::create(folder.join("rights.redb"))?,
            None => Database::builder().create_with_backend(InMemoryBackend::new())?,
        };
        let begin = database.begin_write()?;
        begin.open_table(UPLOADS)?;
        begin.commit()?;
        Ok(Self { database, reserved: Arc::default() })
    }

    /// Reserves room for an upload of `bytes` as a version of `handler`.
    ///
    /// # Errors
    /// When it exceeds the quota together with what is stored and what is in progress.
    pub fn reserve(&self, token: &str, quota: &Quota, handler: &str, bytes: u64) -> Result<Reservation, ReserveError> {
        // Locked throughout, so that two uploads do not both get the last room.
        let mut reserved = lock(&self.reserved);
        let (used, known) = self.used(token, handler)?;
        let waiting = reserved.get(token).copied().unwrap_or_default();
        let sum = Used { handlers: used.handlers + waiting.handlers, bytes: used.bytes.saturating_add(waiting.bytes) };
        quota.admit(sum, !known, bytes)?;
        let room = Used { handlers: u64::from(!known), bytes };
        let entry = reserved.entry(token.to_owned()).or_default();
        entry.handlers += room.handlers;
        entry.bytes = entry.bytes.saturating_add(room.bytes);
        Ok(Reservation { token: token.to_owned(), room, reserved: self.reserved.clone() })
    }

    /// Records a version that was uploaded with `token`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, token: &str, handler: &str, version: u64, bytes: u64) -> Result<(), Error> {
        let change = self.database.begin_write()?;
        change.open_table(UPLOADS)?.insert((token, handler, version), bytes)?;
        Ok(change.commit()?)
    }

    /// Removes a version of `handler`, or all of them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remove(&self, handler: &str, version: Option<u64>) -> Result<(), Error> {
        let change = self.database.begin_write()?;
        let matches = |(_, name, number): (&str, &str, u64), _: u64| {
            name == handler && version.is_none_or(|version| version == number)
        };
        change.open_table(UPLOADS)?.retain(|key, bytes| !matches(key, bytes))?;
        Ok(change.commit()?)
    }

    /// Returns what was uploaded with `token`, and whether a version of `handler` is part of it.
    fn used(&self, token: &str, handler: &str) -> Result<(Used, bool), Error> {
        let read = self.database.begin_read()?;
        let table = read.open_table(UPLOADS)?;
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
        let mut reserved = lock(&self.reserved);
        if let Some(sum) = reserved.get_mut(&self.token) {
            sum.handlers = sum.handlers.saturating_sub(self.room.handlers);
            sum.bytes = sum.bytes.saturating_sub(self.room.bytes);
            if *sum == Used::default() {
                reserved.remove(&self.token);
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
    fn uploads_count_until_they_are_deleted_and_so_do_those_in_progress() {
        let usage = Usage::open(None).unwrap();
        let quota = Quota { handlers: Some(2), mib: Some(1), uploads_a_minute: None };
        let reserve = |name: &str, bytes| usage.reserve("ci", &quota, name, bytes);
        let one = reserve("one", 1000).unwrap();
        usage.add("ci", "one", 1, 1000).unwrap();
        drop(one);
        let two = reserve("two", 1000).unwrap();
        let handlers = |result: Result<Reservation, ReserveError>| {
            matches!(result, Err(ReserveError::Quota(QuotaError::Handlers { .. })))
        };
        assert!(handlers(reserve("three", 1000)), "the second is in progress");
        assert!(reserve("one", 1000).is_ok(), "another version is no other handler");
        drop(two);
        let three = reserve("three", (1 << 20) - 1000).unwrap();
        let full = |result: Result<Reservation, ReserveError>| {
            matches!(result, Err(ReserveError::Quota(QuotaError::Bytes { .. })))
        };
        assert!(full(reserve("one", 1)));
        drop(three);
        usage.add("ci", "two", 1, 0).unwrap();
        usage.add("ci", "two", 2, (1 << 20) - 1000).unwrap();
        assert!(full(reserve("two", 1)) && handlers(reserve("three", 1)));
        usage.remove("two", Some(2)).unwrap();
        assert!(reserve("two", 1).is_ok() && handlers(reserve("three", 1)));
        usage.remove("two", None).unwrap();
        assert!(reserve("three", 1).is_ok());
        // Neighbours in the order of keys belong to other tokens.
        usage.add("ci2", "x", 1, 1 << 30).unwrap();
        usage.add("c", "x", 1, 1 << 30).unwrap();
        assert!(reserve("three", 1).is_ok());
    }
}

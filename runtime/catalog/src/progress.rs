//! Uploads that are under way: how far each is, and how many there may be.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;

/// Uploads at once: each may hold a component in memory.
const MOST: usize = 4;
/// Uploads that are remembered.
const REMEMBERED: usize = 256;
/// Longest id, bytes.
const LONGEST_ID: usize = 64;

/// What an upload is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Its bytes are coming.
    Receiving,
    /// It is looked over.
    Checking,
    /// It is compiled, or waits for its turn.
    Compiling,
    /// It is asked what it is.
    Describing,
    /// It is written to the data directory.
    Storing,
    /// It is there.
    Done,
    /// It was refused, or given up.
    Failed,
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// What it is at.
    pub stage: Stage,
    /// Bytes that came.
    pub bytes: u64,
}

/// Why an upload cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There are as many as may be.
    #[error("{MOST} uploads are under way, which is as many as may be: try again in a few seconds")]
    Busy,
    /// An upload with that id is under way.
    #[error("an upload with this Upload-Id is under way: use another one for each upload")]
    Exists,
    /// The id is none.
    #[error("the Upload-Id is wrong: use 1 to {LONGEST_ID} letters, digits, - and _")]
    Id,
}

type Shared = Arc<Mutex<Progress>>;

/// Uploads by id.
pub struct Uploads {
    slots: Arc<Semaphore>,
    table: Mutex<VecDeque<(String, Shared)>>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(MOST)), table: Mutex::default() }
    }
}

impl Uploads {
    /// Begins an upload; its client may have given it an id.
    ///
    /// # Errors
    /// When there are too many, or the id cannot be had.
    pub fn begin(&self, id: Option<&str>) -> Result<Ticket, Refused> {
        let fits = |id: &str| id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if id.is_some_and(|id| !(1..=LONGEST_ID).contains(&id.len()) || !fits(id)) {
            return Err(Refused::Id);
        }
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| Refused::Busy)?;
        let progress = Arc::new(Mutex::new(Progress { stage: Stage::Receiving, bytes: 0 }));
        if let Some(id) = id {
            let mut table = self.table();
            if table.iter().any(|(other, progress)| other == id && is_under_way(progress)) {
                return Err(Refused::Exists);
            }
            table.retain(|(other, _)| other != id);
            if table.len() == REMEMBERED {
                table.pop_front();
            }
            table.push_back((id.to_owned(), progress.clone()));
        }
        Ok(Ticket { progress, _slot: slot })
    }

    /// How far the upload `id` is. None: nobody knows of it any more.
    pub fn find(&self, id: &str) -> Option<Progress> {
        let table = self.table();
        let (_, progress) = table.iter().find(|(other, _)| other == id)?;
        Some(*lock(progress))
    }

    fn table(&self) -> MutexGuard<'_, VecDeque<(String, Shared)>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An upload under way. Dropped before it is done, it failed.
pub struct Ticket {
    progress: Shared,
    _slot: OwnedSemaphorePermit,
}

impl Ticket {
    /// More bytes came.
    pub fn received(&self, bytes: u64) {
        lock(&self.progress).bytes = bytes;
    }

    /// It is at `stage`.
    pub fn at(&self, stage: Stage) {
        lock(&self.progress).stage = stage;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if is_under_way(&self.progress) {
            self.at(Stage::Failed);
        }
    }
}

fn is_under_way(progress: &Shared) -> bool {
    !matches!(lock(progress).stage, Stage::Done | Stage::Failed)
}

fn lock(progress: &Shared) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_followed_to_its_end() {
        let uploads = Uploads::default();
        let ticket = uploads.begin(Some("a-1")).unwrap();
        ticket.received(7);
        assert_eq!(uploads.find("a-1"), Some(Progress { stage: Stage::Receiving, bytes: 7 }));
        assert_eq!(uploads.begin(Some("a-1")).err(), Some(Refused::Exists));
        drop(ticket);
        assert_eq!(uploads.find("a-1").unwrap().stage, Stage::Failed);
        let ticket = uploads.begin(Some("a-1")).unwrap();
        ticket.at(Stage::Done);
        drop(ticket);
        assert_eq!(uploads.find("a-1").unwrap().stage, Stage::Done);
        assert_eq!(uploads.find("b"), None);
        for id in ["", "a b", "../a", &"x".repeat(65)] {
            assert_eq!(uploads.begin(Some(id)).err(), Some(Refused::Id), "{id}");
        }
    }

    #[test]
    fn there_are_never_too_many() {
        let uploads = Uploads::default();
        let tickets: Vec<_> = (0..MOST).map(|_| uploads.begin(None).unwrap()).collect();
        assert_eq!(uploads.begin(None).err(), Some(Refused::Busy));
        drop(tickets);
        for n in 0..2 * REMEMBERED {
            uploads.begin(Some(&format!("{n}"))).unwrap();
        }
        assert!(uploads.find("0").is_none() && uploads.table().len() == REMEMBERED);
    }
}

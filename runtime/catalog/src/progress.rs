//! Uploads in progress: the stage of each, and a bound on how many run at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::ToSchema;

/// Uploads at once: each may hold a component in memory.
const MOST: usize = 4;
/// Uploads whose progress is remembered.
const REMEMBERED: usize = 256;
/// Longest id, bytes.
const LONGEST_ID: usize = 64;

/// The stage of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Its bytes are being received.
    Receiving,
    /// It is being validated.
    Checking,
    /// It is being compiled, or waits for its turn.
    Compiling,
    /// Its `describe` is being called.
    Describing,
    /// It is being written to the data directory.
    Storing,
    /// It is complete.
    Done,
    /// It was refused or abandoned.
    Failed,
}

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// Its stage.
    pub stage: Stage,
    /// Bytes received.
    pub bytes: u64,
}

/// Why an upload cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// The most uploads allowed at once are running.
    #[error("{MOST} uploads are running, which is the most allowed: try again in a few seconds")]
    Busy,
    /// An upload with this id is running.
    #[error("an upload with this Upload-Id is running: use another one for each upload")]
    Exists,
    /// The id has a wrong form.
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
    /// Begins an upload, under the id that its client chose, if any.
    ///
    /// # Errors
    /// When too many run, or the id is in use or wrong.
    pub fn begin(&self, id: Option<&str>) -> Result<Permit, BeginError> {
        let fits = |id: &str| id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if id.is_some_and(|id| !(1..=LONGEST_ID).contains(&id.len()) || !fits(id)) {
            return Err(BeginError::Id);
        }
        let slot = self.slots.clone().try_acquire_owned().map_err(|_| BeginError::Busy)?;
        let progress = Arc::new(Mutex::new(Progress { stage: Stage::Receiving, bytes: 0 }));
        if let Some(id) = id {
            let mut table = self.table();
            if table.iter().any(|(other, progress)| other == id && is_running(progress)) {
                return Err(BeginError::Exists);
            }
            table.retain(|(other, _)| other != id);
            if table.len() == REMEMBERED {
                table.pop_front();
            }
            table.push_back((id.to_owned(), progress.clone()));
        }
        Ok(Permit { progress, _slot: slot })
    }

    /// Returns the progress of the upload `id`; `None` when it is unknown or no longer remembered.
    pub fn find(&self, id: &str) -> Option<Progress> {
        let table = self.table();
        let (_, progress) = table.iter().find(|(other, _)| other == id)?;
        Some(*lock(progress))
    }

    fn table(&self) -> MutexGuard<'_, VecDeque<(String, Shared)>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Permission to upload. An upload whose permit is dropped before its end has failed.
pub struct Permit {
    progress: Shared,
    _slot: OwnedSemaphorePermit,
}

impl Permit {
    /// Sets how many bytes were received.
    pub fn received(&self, bytes: u64) {
        lock(&self.progress).bytes = bytes;
    }

    /// Sets the stage.
    pub fn enter(&self, stage: Stage) {
        lock(&self.progress).stage = stage;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if is_running(&self.progress) {
            self.enter(Stage::Failed);
        }
    }
}

fn is_running(progress: &Shared) -> bool {
    !matches!(lock(progress).stage, Stage::Done | Stage::Failed)
}

fn lock(progress: &Shared) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_reported_until_the_end() {
        let uploads = Uploads::default();
        let permit = uploads.begin(Some("a-1")).unwrap();
        permit.received(7);
        assert_eq!(uploads.find("a-1"), Some(Progress { stage: Stage::Receiving, bytes: 7 }));
        assert_eq!(uploads.begin(Some("a-1")).err(), Some(BeginError::Exists));
        drop(permit);
        assert_eq!(uploads.find("a-1").unwrap().stage, Stage::Failed);
        let permit = uploads.begin(Some("a-1")).unwrap();
        permit.enter(Stage::Done);
        drop(permit);
        assert_eq!(uploads.find("a-1").unwrap().stage, Stage::Done);
        assert_eq!(uploads.find("b"), None);
        for id in ["", "a b", "../a", &"x".repeat(65)] {
            assert_eq!(uploads.begin(Some(id)).err(), Some(BeginError::Id), "{id}");
        }
    }

    #[test]
    fn uploads_and_remembered_progress_are_bounded() {
        let uploads = Uploads::default();
        let permits: Vec<_> = (0..MOST).map(|_| uploads.begin(None).unwrap()).collect();
        assert_eq!(uploads.begin(None).err(), Some(BeginError::Busy));
        drop(permits);
        for n in 0..2 * REMEMBERED {
            uploads.begin(Some(&format!("{n}"))).unwrap();
        }
        assert!(uploads.find("0").is_none() && uploads.table().len() == REMEMBERED);
    }
}

//! Uploads in flight: the stage of each, and a bound on how many there are.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::Notify;
use utoipa::ToSchema;

use super::compile::Job;
use super::intake::{Intake, MOST, MOST_OF_ONE, Refusal, Ticket};

/// Bytes that uploads hold together, in components of the largest size.
const HELD: u64 = 8;
/// Uploads whose progress is remembered.
const REMEMBERED: usize = 256;
/// Uploads of one principal whose progress is remembered.
const REMEMBERED_OF_ONE: usize = 16;
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
    /// It waits for the compiler, which takes the principals in turn.
    Queued,
    /// It is being compiled.
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
    /// Its place among those that wait for the compiler, while it waits; 1 is next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub place: Option<u32>,
}

/// Why an upload cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// The principal has the most uploads allowed in flight.
    #[error("you have {MOST_OF_ONE} uploads in flight, which is the most allowed: wait until one is done")]
    BusyForYou,
    /// The most uploads allowed are in flight.
    #[error("{MOST} uploads are in flight, which is the most allowed: try again in a few seconds")]
    Busy,
    /// An upload with this id is running.
    #[error("an upload with this Upload-Id is running: use another one for each upload")]
    Exists,
    /// The id has a wrong form.
    #[error("the Upload-Id is wrong: use 1 to {LONGEST_ID} letters, digits, - and _")]
    Id,
}

/// What is known of an upload.
#[derive(Debug)]
struct Shared {
    job: Job,
    reached: Mutex<Reached>,
}

#[derive(Clone, Copy, Debug)]
struct Reached {
    stage: Stage,
    bytes: u64,
}

/// An upload that is remembered.
struct Remembered {
    principal: String,
    id: String,
    shared: Arc<Shared>,
}

/// Uploads by principal and id.
pub struct Uploads {
    intake: Arc<Mutex<Intake>>,
    table: Mutex<VecDeque<Remembered>>,
}

impl Uploads {
    /// Creates an empty table for components of at most `largest` bytes.
    pub fn new(largest: u64) -> Self {
        let intake = Intake::new(largest.saturating_mul(HELD));
        Self { intake: Arc::new(Mutex::new(intake)), table: Mutex::default() }
    }

    /// Begins an upload of `principal`, under the id that its client chose, if any.
    ///
    /// # Errors
    /// When too many are in flight, or the id is in use or wrong.
    pub fn begin(&self, id: Option<&str>, principal: &str, now: Instant) -> Result<Permit, BeginError> {
        let fits = |id: &str| id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if id.is_some_and(|id| !(1..=LONGEST_ID).contains(&id.len()) || !fits(id)) {
            return Err(BeginError::Id);
        }
        let mut table = lock(&self.table);
        let is = |upload: &Remembered, id: &str| upload.id == id && upload.principal == principal;
        if let Some(id) = id
            && table.iter().any(|upload| is(upload, id) && upload.shared.is_running())
        {
            return Err(BeginError::Exists);
        }
        let (ticket, give_up) = lock(&self.intake).begin(principal, now).map_err(|refusal| match refusal {
            Refusal::One => BeginError::BusyForYou,
            Refusal::All => BeginError::Busy,
        })?;
        let reached = Mutex::new(Reached { stage: Stage::Receiving, bytes: 0 });
        let shared = Arc::new(Shared { job: Job::new(principal), reached });
        if let Some(id) = id {
            table.retain(|upload| !is(upload, id));
            // A principal forgets its own uploads first.
            let own = |upload: &Remembered| upload.principal == principal;
            if table.iter().filter(|upload| own(upload)).count() >= REMEMBERED_OF_ONE
                && let Some(oldest) = table.iter().position(own)
            {
                table.remove(oldest);
            }
            if table.len() == REMEMBERED {
                table.pop_front();
            }
            table.push_back(Remembered { principal: principal.to_owned(), id: id.to_owned(), shared: shared.clone() });
        }
        Ok(Permit { shared, intake: self.intake.clone(), ticket, give_up })
    }

    /// Returns the progress of the upload `id` of `principal`; `None` when it is unknown, somebody else's, or no longer
    /// remembered.
    pub fn find(&self, id: &str, principal: &str) -> Option<Progress> {
        let table = lock(&self.table);
        let upload = table.iter().find(|upload| upload.id == id && upload.principal == principal)?;
        Some(upload.shared.progress())
    }
}

/// Permission to upload. An upload whose permit is dropped before its end has failed.
pub struct Permit {
    shared: Arc<Shared>,
    intake: Arc<Mutex<Intake>>,
    ticket: Ticket,
    give_up: Arc<Notify>,
}

impl Permit {
    /// Sets how many bytes were received.
    pub fn received(&self, bytes: u64, now: Instant) {
        self.shared.reached().bytes = bytes;
        lock(&self.intake).received(self.ticket, bytes, now);
    }

    /// Sets that the whole body was received.
    pub fn complete(&self) {
        lock(&self.intake).complete(self.ticket);
    }

    /// Waits until the upload has to give way to others, since it is the slowest and there is no room.
    pub async fn given_up(&self) {
        self.give_up.notified().await;
    }

    /// Sets the stage.
    pub fn enter(&self, stage: Stage) {
        self.shared.reached().stage = stage;
    }

    /// Returns how many bytes were received.
    pub fn bytes(&self) -> u64 {
        self.shared.reached().bytes
    }

    /// Returns how long its component was compiled.
    pub fn compile_time(&self) -> Duration {
        self.shared.job.time()
    }

    /// Returns its job for the compiler.
    pub(super) fn job(&self) -> &Job {
        &self.shared.job
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        lock(&self.intake).end(self.ticket);
        if self.shared.is_running() {
            self.enter(Stage::Failed);
        }
    }
}

impl Shared {
    fn progress(&self) -> Progress {
        let Reached { stage, bytes } = *self.reached();
        match self.job.place() {
            Some(place) if stage == Stage::Compiling => Progress { stage: Stage::Queued, bytes, place: Some(place) },
            _ => Progress { stage, bytes, place: None },
        }
    }

    fn is_running(&self) -> bool {
        !matches!(self.reached().stage, Stage::Done | Stage::Failed)
    }

    fn reached(&self) -> MutexGuard<'_, Reached> {
        lock(&self.reached)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_reported_until_the_end_to_whom_it_belongs() {
        let now = Instant::now();
        let uploads = Uploads::new(1 << 20);
        let begin = |id: &str| uploads.begin(Some(id), "a", now);
        let permit = begin("a-1").unwrap();
        permit.received(7, now);
        let receiving = Progress { stage: Stage::Receiving, bytes: 7, place: None };
        assert_eq!(uploads.find("a-1", "a"), Some(receiving));
        assert_eq!(uploads.find("a-1", "b"), None, "somebody else's");
        assert_eq!(begin("a-1").err(), Some(BeginError::Exists));
        assert!(uploads.begin(Some("a-1"), "b", now).is_ok(), "another principal has ids of its own");
        drop(permit);
        assert_eq!(uploads.find("a-1", "a").unwrap().stage, Stage::Failed);
        let permit = begin("a-1").unwrap();
        permit.enter(Stage::Done);
        drop(permit);
        assert_eq!(uploads.find("a-1", "a").unwrap().stage, Stage::Done);
        for id in ["", "a b", "../a", &"x".repeat(65)] {
            assert_eq!(begin(id).err(), Some(BeginError::Id), "{id}");
        }
    }

    #[test]
    fn uploads_in_flight_and_remembered_progress_are_bounded_for_each_principal() {
        let now = Instant::now();
        let uploads = Uploads::new(1 << 20);
        let permits: Vec<_> = (0..MOST_OF_ONE).map(|_| uploads.begin(None, "a", now).unwrap()).collect();
        assert_eq!(uploads.begin(None, "a", now).err(), Some(BeginError::BusyForYou));
        assert!(uploads.begin(Some("mine"), "b", now).is_ok());
        drop(permits);
        for n in 0..2 * REMEMBERED {
            uploads.begin(Some(&format!("{n}")), "a", now).unwrap();
        }
        assert_eq!(lock(&uploads.table).len(), REMEMBERED_OF_ONE + 1);
        assert!(uploads.find("mine", "b").is_some(), "one principal does not push out another's");
        for n in 0..2 * REMEMBERED {
            uploads.begin(Some("x"), &n.to_string(), now).unwrap();
        }
        assert_eq!(lock(&uploads.table).len(), REMEMBERED);
    }
}

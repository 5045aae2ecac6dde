//! Sessions by id, never more than the limit.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use framebox_rtc::Candidate;

use super::active::ActiveSession;
use super::candidates::PendingCandidates;
use super::handler_log::HandlerLog;

/// Most logs kept of sessions that ended.
const MAX_LOGS: usize = 64;

/// Sessions by id, never more than the limit.
pub struct Sessions {
    limit: u32,
    /// A permit is held until everything that a session held is freed, which is after its id is removed.
    slots: Arc<Semaphore>,
    table: Mutex<Table>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<String, Slot>,
    /// Logs of ended sessions, the latest last.
    logs: VecDeque<(String, Arc<HandlerLog>)>,
    closed: bool,
    candidates: PendingCandidates,
}

enum Slot {
    /// Its offer is being answered.
    Reserved,
    Active(Arc<ActiveSession>),
}

/// Why a session gets no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The id is in use.
    Exists,
    /// Every slot is taken.
    Limit,
}

/// A slot for a session whose offer is being answered; released on drop.
pub struct Reservation<'a> {
    sessions: &'a Sessions,
    id: String,
    permit: Option<OwnedSemaphorePermit>,
}

impl Sessions {
    /// Creates an empty table for at most `limit` sessions.
    pub fn new(limit: u32) -> Self {
        let slots = Arc::new(Semaphore::new(limit as usize));
        Self { limit, slots, table: Mutex::default(), tasks: TaskTracker::new() }
    }

    /// Returns the most sessions at once.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Takes a slot for `id`. The decision is atomic: of two offers with one id, one gets the slot.
    pub fn reserve(&self, id: &str) -> Result<Reservation<'_>, Rejection> {
        let mut table = self.table();
        if table.closed {
            return Err(Rejection::Limit);
        }
        if table.sessions.contains_key(id) {
            return Err(Rejection::Exists);
        }
        let permit = self.slots.clone().try_acquire_owned().map_err(|_| Rejection::Limit)?;
        table.sessions.insert(id.to_owned(), Slot::Reserved);
        Ok(Reservation { sessions: self, id: id.to_owned(), permit: Some(permit) })
    }

    /// Returns the session `id` once its offer is answered.
    pub fn find(&self, id: &str) -> Option<Arc<ActiveSession>> {
        match self.table().sessions.get(id) {
            Some(Slot::Active(active)) => Some(active.clone()),
            _ => None,
        }
    }

    /// Returns every session whose offer is answered, the oldest first.
    pub fn list(&self) -> Vec<Arc<ActiveSession>> {
        let mut list: Vec<_> = self
            .table()
            .sessions
            .values()
            .filter_map(|slot| match slot {
                Slot::Active(active) => Some(active.clone()),
                Slot::Reserved => None,
            })
            .collect();
        list.sort_by_key(|active| active.begin());
        list
    }

    /// Keeps a candidate whose offer is not answered yet. Returns false when there is no room for it.
    pub fn keep_candidate(&self, id: &str, candidate: Candidate) -> bool {
        self.table().candidates.keep(std::time::Instant::now(), id, candidate)
    }

    /// Returns the handler's log of the session `id`, which may have ended a short while ago.
    pub fn log(&self, id: &str) -> Option<Arc<HandlerLog>> {
        let table = self.table();
        match table.sessions.get(id) {
            Some(Slot::Active(active)) => Some(active.control().log().clone()),
            _ => table.logs.iter().rev().find(|(of, _)| of == id).map(|(_, log)| log.clone()),
        }
    }

    /// Rejects further sessions, ends every one and waits until all are freed.
    pub async fn close(&self) {
        self.table().closed = true;
        for active in self.list() {
            active.stop();
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn remove(&self, id: &str) {
        let mut table = self.table();
        if let Some(Slot::Active(active)) = table.sessions.remove(id) {
            table.logs.retain(|(of, _)| of != id);
            if table.logs.len() == MAX_LOGS {
                table.logs.pop_front();
            }
            table.logs.push_back((id.to_owned(), active.control().log().clone()));
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation<'_> {
    /// Puts the session whose offer was answered into its slot and supervises it from here on. `follow` runs beside it.
    /// Returns the candidates that arrived before.
    pub fn fill(
        mut self,
        sessions: &Arc<Sessions>,
        active: Arc<ActiveSession>,
        follow: impl Future<Output = ()> + Send + 'static,
    ) -> Vec<Candidate> {
        let candidates = {
            let mut table = sessions.table();
            table.sessions.insert(self.id.clone(), Slot::Active(active.clone()));
            table.candidates.take(&self.id)
        };
        let (owner, permit) = (sessions.clone(), self.permit.take());
        sessions.tasks.spawn(async move {
            #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
            let follow = tokio::spawn(follow);
            let reason = active.run().await;
            tracing::info!(session = active.id, reason, "session ended");
            owner.remove(&active.id);
            active.close(&reason).await;
            drop(permit);
            if let Err(error) = follow.await {
                tracing::error!(session = active.id, %error, "following the handler's versions failed");
            }
        });
        candidates
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.permit.is_some() {
            self.sessions.remove(&self.id);
        }
    }
}

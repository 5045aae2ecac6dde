//! The sessions of this server: who holds a slot, and the candidates that came before their offer.

pub mod answers;
pub mod bridge;
mod early;
pub mod follow;
pub mod journal;
pub mod lifecycle;
mod live;
pub mod outputs;
mod throttle;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

pub use early::Early;
pub use live::Live;

use framebox_rtc::Candidate;
use journal::Journal;

/// Logs kept of sessions that ended.
const LOGS_KEPT: usize = 64;

/// Sessions by id, never more than the limit.
pub struct Sessions {
    limit: u32,
    /// A permit is held until all that a session held is freed, which is later than its id is gone.
    slots: Arc<Semaphore>,
    table: Mutex<Table>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<String, Slot>,
    /// What the handlers of ended sessions said, the latest last.
    logs: VecDeque<(String, Arc<Journal>)>,
    closed: bool,
    early: Early,
}

enum Slot {
    /// Its offer is being answered.
    Reserved,
    Live(Arc<Live>),
}

/// Why there is no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The id is in use.
    Exists,
    /// Every slot is taken.
    Limit,
}

/// A slot for a session whose offer is being answered; given back on drop.
pub struct Reservation<'a> {
    sessions: &'a Sessions,
    id: String,
    permit: Option<OwnedSemaphorePermit>,
}

impl Sessions {
    /// No sessions yet, and never more than `limit`.
    pub fn new(limit: u32) -> Self {
        let slots = Arc::new(Semaphore::new(limit as usize));
        Self { limit, slots, table: Mutex::default(), tasks: TaskTracker::new() }
    }

    /// Sessions at once.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Takes a slot for `id`, decided at once: of two offers with one id, one gets it.
    pub fn reserve(&self, id: &str) -> Result<Reservation<'_>, Full> {
        let mut table = self.table();
        if table.closed {
            return Err(Full::Limit);
        }
        if table.sessions.contains_key(id) {
            return Err(Full::Exists);
        }
        let permit = self.slots.clone().try_acquire_owned().map_err(|_| Full::Limit)?;
        table.sessions.insert(id.to_owned(), Slot::Reserved);
        Ok(Reservation { sessions: self, id: id.to_owned(), permit: Some(permit) })
    }

    /// The session `id`, once its offer was answered.
    pub fn find(&self, id: &str) -> Option<Arc<Live>> {
        match self.table().sessions.get(id) {
            Some(Slot::Live(live)) => Some(live.clone()),
            _ => None,
        }
    }

    /// Every session whose offer was answered, the oldest first.
    pub fn list(&self) -> Vec<Arc<Live>> {
        let mut list: Vec<_> = self
            .table()
            .sessions
            .values()
            .filter_map(|slot| match slot {
                Slot::Live(live) => Some(live.clone()),
                Slot::Reserved => None,
            })
            .collect();
        list.sort_by_key(|live| live.begin());
        list
    }

    /// Keeps a candidate that came before its offer was answered. False: there is no room for it.
    pub fn keep_candidate(&self, id: &str, candidate: Candidate) -> bool {
        self.table().early.keep(std::time::Instant::now(), id, candidate)
    }

    /// What the handler of the session `id` said, be it that the session ended a short while ago.
    pub fn journal(&self, id: &str) -> Option<Arc<Journal>> {
        let table = self.table();
        match table.sessions.get(id) {
            Some(Slot::Live(live)) => Some(live.bridge().journal().clone()),
            _ => table.logs.iter().rev().find(|(of, _)| of == id).map(|(_, journal)| journal.clone()),
        }
    }

    /// Takes no more sessions, ends every one and waits until all are freed.
    pub async fn close(&self) {
        self.table().closed = true;
        for live in self.list() {
            live.stop();
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn remove(&self, id: &str) {
        let mut table = self.table();
        if let Some(Slot::Live(live)) = table.sessions.remove(id) {
            table.logs.retain(|(of, _)| of != id);
            if table.logs.len() == LOGS_KEPT {
                table.logs.pop_front();
            }
            table.logs.push_back((id.to_owned(), live.bridge().journal().clone()));
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation<'_> {
    /// The offer was answered: the session is watched over from here on. Returns the candidates that came early.
    pub fn fill(mut self, sessions: &Arc<Sessions>, live: Arc<Live>) -> Vec<Candidate> {
        let early = {
            let mut table = sessions.table();
            table.sessions.insert(self.id.clone(), Slot::Live(live.clone()));
            table.early.take(&self.id)
        };
        let (owner, permit) = (sessions.clone(), self.permit.take());
        sessions.tasks.spawn(async move {
            let reason = live.run().await;
            tracing::info!(session = live.id, reason, "ended");
            owner.remove(&live.id);
            live.close(&reason).await;
            drop(permit);
        });
        early
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.permit.is_some() {
            self.sessions.remove(&self.id);
        }
    }
}

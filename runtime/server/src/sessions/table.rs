//! Sessions by id, never more than the limit.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use framebox_auth::PrincipalKey;
use framebox_pipeline::session::PANICKED;
use framebox_rtc::Candidate;
use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::active::ActiveSession;
use super::candidates::PendingCandidates;
use super::handler_log::HandlerLog;
use super::owner::{Owner, Proof, Requester};
use crate::protocol::{Phase, SessionReport, SessionSummary};

/// Most logs kept of sessions that ended.
const MAX_LOGS: usize = 64;

/// Sessions by id, never more than the limit.
pub struct Sessions {
    limit: u32,
    slots: Arc<Semaphore>,
    table: Mutex<Table>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Table {
    /// An entry is there until everything that its session held is freed.
    sessions: HashMap<String, Entry>,
    /// Logs of ended sessions, the latest last.
    logs: VecDeque<EndedLog>,
    closed: bool,
    candidates: PendingCandidates,
}

struct Entry {
    owner: Owner,
    slot: Slot,
}

enum Slot {
    /// Its offer is being answered.
    Reserved,
    Active(Arc<ActiveSession>),
    /// It is over, and what it held is being freed.
    Ending(Arc<ActiveSession>),
}

struct EndedLog {
    id: String,
    owner: Owner,
    log: Arc<HandlerLog>,
}

/// A session of the table.
#[derive(Clone)]
pub struct Found {
    /// The session.
    pub session: Arc<ActiveSession>,
    /// Whether it is over, and what it held is being freed.
    pub is_ending: bool,
}

impl Found {
    /// Returns the session; `None` when it is over.
    pub fn active(self) -> Option<Arc<ActiveSession>> {
        (!self.is_ending).then_some(self.session)
    }

    /// Returns the session's line in a list.
    pub fn summary(&self) -> SessionSummary {
        let summary = self.session.summary();
        if self.is_ending { SessionSummary { state: Phase::Ended, ..summary } } else { summary }
    }

    /// Returns the session with its statistics; `None` once its pipeline is gone.
    pub async fn report(&self) -> Option<SessionReport> {
        Some(SessionReport { summary: self.summary(), ..self.session.report().await? })
    }
}

/// Why a session gets no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The id is in use.
    Exists,
    /// The session of that id is over, and what it held is being freed.
    Ending,
    /// Every slot is taken.
    Limit,
    /// The principal has as many sessions as it may.
    Quota {
        /// The most that it may have.
        most: u32,
    },
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

    /// Returns how many sessions there are, including those that end.
    pub fn count(&self) -> usize {
        self.table().sessions.values().filter(|entry| entry.found().is_some()).count()
    }

    /// Reports whether an offer may get a slot: one is free, and the server does not stop.
    pub fn is_ready(&self) -> bool {
        !self.table().closed && self.slots.available_permits() > 0
    }

    /// Takes a slot for `id`. The decision is atomic: of two offers with one id, one gets the slot. `most`: sessions that
    /// the owner may have at once.
    pub fn reserve(&self, id: &str, owner: Owner, most: Option<u32>) -> Result<Reservation<'_>, Rejection> {
        let mut table = self.table();
        if table.closed {
            return Err(Rejection::Limit);
        }
        match table.sessions.get(id).map(|entry| &entry.slot) {
            Some(Slot::Ending(_)) => return Err(Rejection::Ending),
            Some(Slot::Reserved | Slot::Active(_)) => return Err(Rejection::Exists),
            None => {}
        }
        if let Some(most) = most
            && table.sessions.values().filter(|entry| entry.owner.key() == owner.key()).count() >= most as usize
        {
            return Err(Rejection::Quota { most });
        }
        let permit = self.slots.clone().try_acquire_owned().map_err(|_| Rejection::Limit)?;
        table.sessions.insert(id.to_owned(), Entry { owner, slot: Slot::Reserved });
        Ok(Reservation { sessions: self, id: id.to_owned(), permit: Some(permit) })
    }

    /// Returns the session `id` once its offer is answered, if `requester` has access to it.
    pub fn find(&self, id: &str, requester: &Requester, proof: Proof) -> Option<Found> {
        let table = self.table();
        let entry = table.sessions.get(id);
        is_admitted(entry.map(|entry| &entry.owner), requester, proof).then(|| entry?.found())?
    }

    /// As [`find`](Self::find), with whom the session belongs to.
    pub fn find_owned(&self, id: &str, requester: &Requester, proof: Proof) -> Option<(Found, Owner)> {
        let found = self.find(id, requester, proof)?;
        Some((found, self.table().sessions.get(id)?.owner.clone()))
    }

    /// Returns the sessions that `requester` has access to and whose offers are answered, the oldest first.
    pub fn list(&self, requester: &Requester) -> Vec<Found> {
        self.collect(|owner| owner.admits(requester, Proof::Secret))
    }

    /// Returns every session whose offer is answered, the oldest first.
    pub fn all(&self) -> Vec<Found> {
        self.collect(|_| true)
    }

    fn collect(&self, has: impl Fn(&Owner) -> bool) -> Vec<Found> {
        let table = self.table();
        let entries = table.sessions.values().filter(|entry| has(&entry.owner));
        let mut list: Vec<_> = entries.filter_map(Entry::found).collect();
        list.sort_by_key(|found| found.session.begin());
        list
    }

    /// Keeps a candidate of `client` whose offer is not answered yet. Returns false when there is no room for it.
    pub fn keep_candidate(&self, client: &PrincipalKey, id: &str, candidate: Candidate) -> bool {
        self.table().candidates.keep(Instant::now(), client, id, candidate)
    }

    /// Removes and returns the candidates of the owner of the session `id` that were kept for it.
    pub fn take_candidates(&self, id: &str) -> Vec<Candidate> {
        let mut table = self.table();
        let Table { sessions, candidates, .. } = &mut *table;
        sessions.get(id).map(|entry| candidates.take(entry.owner.key(), id)).unwrap_or_default()
    }

    /// Runs something to its end, whoever waits for it. The server does not end before.
    pub fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.tasks.spawn(work)
    }

    /// Returns the handler's log of the session `id`, which may have ended a short while ago, if `requester` has access to
    /// it.
    pub fn log(&self, id: &str, requester: &Requester) -> Option<Arc<HandlerLog>> {
        let table = self.table();
        let (owner, log) = match table.sessions.get(id) {
            Some(entry) => (Some(&entry.owner), entry.found().map(|found| found.session.control().log().clone())),
            None => {
                let ended = table.logs.iter().rev().find(|ended| ended.id == id);
                (ended.map(|ended| &ended.owner), ended.map(|ended| ended.log.clone()))
            }
        };
        is_admitted(owner, requester, Proof::Secret).then_some(log)?
    }

    /// Rejects further sessions, ends every one and waits until all are freed.
    pub async fn close(&self) {
        self.table().closed = true;
        for found in self.all() {
            found.session.stop();
        }
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Marks a session as over. Its entry stays until what it held is freed.
    fn mark_ending(&self, active: &Arc<ActiveSession>) {
        if let Some(entry) = self.table().sessions.get_mut(&active.id) {
            entry.slot = Slot::Ending(active.clone());
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Returns the session once its offer is answered.
    fn found(&self) -> Option<Found> {
        match &self.slot {
            Slot::Reserved => None,
            Slot::Active(session) => Some(Found { session: session.clone(), is_ending: false }),
            Slot::Ending(session) => Some(Found { session: session.clone(), is_ending: true }),
        }
    }
}

impl Table {
    /// Removes a session with its last references, and keeps its log.
    fn remove(&mut self, id: &str) {
        let Some(entry) = self.sessions.remove(id) else { return };
        let Some(Found { session, .. }) = entry.found() else { return };
        self.logs.retain(|ended| ended.id != id);
        if self.logs.len() == MAX_LOGS {
            self.logs.pop_front();
        }
        self.logs.push_back(EndedLog {
            id: id.to_owned(),
            owner: entry.owner.clone(),
            log: session.control().log().clone(),
        });
    }
}

/// Decides on a session that may not exist with the same work as on one that does.
fn is_admitted(owner: Option<&Owner>, requester: &Requester, proof: Proof) -> bool {
    let nobody = Owner::nobody();
    owner.unwrap_or(&nobody).admits(requester, proof) & owner.is_some()
}

impl Reservation<'_> {
    /// Puts the session whose offer was answered into its slot and supervises it from here on. `follow` runs beside it.
    /// Returns the candidates of its owner that arrived before.
    pub fn fill(
        mut self,
        sessions: &Arc<Sessions>,
        active: Arc<ActiveSession>,
        follow: impl Future<Output = ()> + Send + 'static,
    ) -> Vec<Candidate> {
        let candidates = {
            let mut table = sessions.table();
            let Table { sessions, candidates, closed, .. } = &mut *table;
            if *closed {
                active.stop();
            }
            let entry = sessions.get_mut(&self.id);
            entry.map_or_else(Vec::new, |entry| {
                entry.slot = Slot::Active(active.clone());
                candidates.take(entry.owner.key(), &self.id)
            })
        };
        let supervised = Supervised { sessions: sessions.clone(), active: Some(active), permit: self.permit.take() };
        sessions.tasks.spawn(supervised.run(follow));
        candidates
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.permit.is_some() {
            self.sessions.table().remove(&self.id);
        }
    }
}

/// Awaits a future; `None` when it panics, which is an error of this program and ends one session alone.
async fn or_panicked<T>(future: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(future).catch_unwind().await.ok()
}

/// The supervision of a session. However it ends, the session's entry, its last references and its slot go together.
struct Supervised {
    sessions: Arc<Sessions>,
    /// `None` once it is dropped.
    active: Option<Arc<ActiveSession>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Supervised {
    async fn run(self, follow: impl Future<Output = ()> + Send + 'static) {
        let Some(active) = &self.active else { return };
        #[expect(clippy::disallowed_methods, reason = "it is awaited below")]
        let follow = tokio::spawn(follow);
        let reason = or_panicked(active.run()).await.unwrap_or_else(|| PANICKED.to_owned());
        tracing::info!(session = active.id, reason, "session ended");
        self.sessions.mark_ending(active);
        if or_panicked(active.close(&reason)).await.is_none() {
            tracing::error!(session = active.id, "closing the session panicked");
        }
        if let Err(error) = follow.await {
            tracing::error!(session = active.id, %error, "following the handler's versions failed");
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        let Some(active) = self.active.take() else { return };
        let id = active.id.clone();
        let mut table = self.sessions.table();
        // Under the lock: who finds no entry finds nothing of what the session held, its version and its slot among it.
        drop(active);
        table.remove(&id);
        drop(self.permit.take());
    }
}

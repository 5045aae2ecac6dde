//! Moves sessions to the version that they are to run, and reports the failures of versions on probation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_pipeline::Severity;
use framebox_pipeline::session::cause::Cause;
use framebox_pipeline::session::swap::{Swap, SwapError};
use framebox_sandbox::{Component, Limits};
use framebox_worker::{Probe, Workers};
use tokio::sync::{Semaphore, watch};

use super::ActiveSession;
use crate::config::SessionDefaults;
use crate::sources::SourceRegistry;
use framebox_catalog::probation::{DURATION, Failure};
use framebox_catalog::{Catalog, LoadedVersion, Selection, Version};

/// How often the frames of a version on probation are checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// Most sessions that move at once: each has two instances meanwhile.
const MAX_MOVING: usize = 2;

/// Moves sessions when their handlers' versions change.
pub struct VersionFollower {
    catalog: Arc<Catalog>,
    defaults: Arc<SessionDefaults>,
    sources: SourceRegistry,
    workers: Workers,
    turns: Semaphore,
}

impl VersionFollower {
    /// Follows the handlers in `catalog`. `defaults`: the budgets of their versions; `sources`: what they may read; `workers`: where they run.
    pub fn new(
        catalog: Arc<Catalog>,
        defaults: Arc<SessionDefaults>,
        sources: SourceRegistry,
        workers: Workers,
    ) -> Arc<Self> {
        Arc::new(Self { catalog, defaults, sources, workers, turns: Semaphore::new(MAX_MOVING) })
    }

    /// Keeps `active` on the version that it is to run, until it ends.
    pub async fn follow(self: Arc<Self>, active: Arc<ActiveSession>) {
        let begin = active.entry().version().clone();
        let mut selection = self.catalog.watch(&begin.name);
        // The choice may have changed since the offer.
        selection.iter_mut().for_each(watch::Receiver::mark_changed);
        let mut probation = Probation::of(&active, active.entry().into(), 0).await;
        let mut life = active.control().watch();
        loop {
            let changed = async {
                match &mut selection {
                    Some(selection) => selection.changed().await,
                    None => std::future::pending().await,
                }
            };
            let ended = async {
                let _ = life.wait_for(|watched| watched.ended.is_some()).await;
            };
            tokio::select! {
                () = ended => return self.check(&active, &mut probation).await,
                () = tokio::time::sleep(CHECK_INTERVAL), if probation.is_some() => self.check(&active, &mut probation).await,
                changed = changed => match changed {
                    Ok(()) => {
                        if let Some(next) = self.move_on(&active, &mut selection).await {
                            probation = Some(next);
                        }
                    }
                    // The handler was deleted; this session continues with its version.
                    Err(_) => selection = None,
                },
            }
        }
    }

    /// Moves the session to the version that it is to run. Returns that version's probation if it moved and is on probation.
    async fn move_on(
        &self,
        active: &Arc<ActiveSession>,
        selection: &mut Option<watch::Receiver<Selection>>,
    ) -> Option<Probation> {
        let _turn = self.turns.acquire().await.ok()?;
        let wanted = selection.as_mut()?.borrow_and_update().clone();
        let entry = active.entry();
        let (from, binding) = (entry.version().clone(), wanted.rebind(&entry)?);
        if wanted.active.number == from.number {
            active.replace_entry(entry.with_binding(binding));
            return None;
        }
        drop(entry);
        let reason = from.rollback_reason();
        let next = match self.catalog.move_to(&wanted.active, binding).await {
            Ok(next) => next,
            Err(error) => {
                self.stays(active, &from, &wanted.active, &error.to_string());
                return None;
            }
        };
        let session = active.session()?;
        let swap = Swap {
            component: next.component.clone(),
            limits: next.limits.clone(),
            budgets: self.defaults.budgets(next.version()),
        };
        let suspect = Suspect::from(next.clone());
        let version = suspect.version.clone();
        match session.swap(swap).await {
            Ok(sequence) => {
                active.replace_entry(next);
                if let Some(reason) = reason {
                    let text =
                        format!("version {} was rolled back to version {}: {reason}", from.number, version.number);
                    active.notice(Severity::Warning, "rolled-back", text);
                }
                active.send_swapped(from.number, sequence);
                Probation::of(active, suspect, sequence).await
            }
            Err(SwapError::Ended) => None,
            Err(error) => {
                if let SwapError::Start(failure) = &error
                    && !failure.is_of_host()
                {
                    version.is_on_probation(Instant::now());
                    self.report(active, &suspect, Failure::Start(failure.to_string()));
                }
                self.stays(active, &from, &version, &error.to_string());
                None
            }
        }
    }

    fn stays(&self, active: &ActiveSession, from: &Version, to: &Version, reason: &str) {
        let text = format!(
            "version {} does not take over: {reason}; this session continues with version {}",
            to.number, from.number
        );
        active.notice(Severity::Warning, "swap", text);
    }

    /// Reports a failure of the handler in a session. Where that session alone does not decide, the version is run on the
    /// server's own pictures; the outcome is reported as well.
    fn report(&self, active: &ActiveSession, suspect: &Suspect, failure: Failure) {
        if !self.catalog.report_failure(&suspect.version, &active.witness, failure) {
            return;
        }
        let (catalog, Suspect { version, component, limits }) = (self.catalog.clone(), suspect.clone());
        let (account, grants) = (self.defaults.account(), self.sources.granted(&version.name));
        let (workers, probe) = (self.workers.clone(), Probe { component, limits, account, grants });
        // The outcome goes to the catalog.
        self.workers.spawn(async move {
            let failure = workers.probe(probe).await;
            tracing::debug!(handler = version.name, version = version.number, ?failure, "probed");
            catalog.report_probe(&version, failure.is_some());
        });
    }

    /// Reports the failures of the version on probation since the last check.
    async fn check(&self, active: &ActiveSession, probation: &mut Option<Probation>) {
        let Some(on) = probation else { return };
        if let Some(session) = active.session() {
            if session.never_started() {
                let reason = active.control().watch().borrow().ended.clone().unwrap_or_default();
                self.report(active, &on.suspect, Failure::Start(reason));
            }
            let (rows, next) = session.frames(on.cursor).await;
            on.cursor = next;
            let failed =
                rows.iter().filter(|row| row.sequence >= on.since && row.cause == Some(Cause::Handler)).count();
            if failed > 0 {
                self.report(active, &on.suspect, Failure::Frames(failed as u32));
            }
        }
        if Instant::now() >= on.until {
            *probation = None;
        }
    }
}

/// A version that may fail, without keeping it in use.
#[derive(Clone)]
struct Suspect {
    version: Arc<Version>,
    component: Component,
    limits: Limits,
}

impl From<LoadedVersion> for Suspect {
    fn from(entry: LoadedVersion) -> Self {
        Self { version: entry.version().clone(), component: entry.component, limits: entry.limits }
    }
}

/// A session whose version is on probation.
struct Probation {
    suspect: Suspect,
    /// The first frame of the version.
    since: u64,
    cursor: u64,
    until: Instant,
}

impl Probation {
    /// Begins to watch a version; `None` when it is not on probation.
    async fn of(active: &ActiveSession, suspect: Suspect, since: u64) -> Option<Self> {
        let now = Instant::now();
        if !suspect.version.is_on_probation(now) {
            return None;
        }
        let cursor = match active.session() {
            Some(session) if since > 0 => {
                // Rows of the version before may be skipped; later ones are recognised by their numbers.
                session.frames(0).await.1.saturating_sub(framebox_pipeline::session::history::MOST as u64)
            }
            _ => 0,
        };
        Some(Self { suspect, since, cursor, until: now + DURATION })
    }
}

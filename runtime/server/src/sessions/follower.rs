//! Moves sessions to the version that they are to run, and reports the failures of versions on probation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_pipeline::Severity;
use framebox_pipeline::session::history::Outcome;
use framebox_pipeline::session::swap::{Swap, SwapError};
use tokio::sync::{Semaphore, watch};

use super::ActiveSession;
use crate::config::SessionDefaults;
use framebox_catalog::probation::{DURATION, Failure};
use framebox_catalog::{Catalog, Selection, Version};

/// How often the frames of a version on probation are checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// Most sessions that move at once: each has two instances meanwhile.
const MAX_MOVING: usize = 2;

/// Moves sessions when their handlers' versions change.
pub struct VersionFollower {
    catalog: Arc<Catalog>,
    defaults: Arc<SessionDefaults>,
    turns: Semaphore,
}

impl VersionFollower {
    /// Follows the handlers in `catalog`. `defaults`: the budgets of their versions.
    pub fn new(catalog: Arc<Catalog>, defaults: Arc<SessionDefaults>) -> Arc<Self> {
        Arc::new(Self { catalog, defaults, turns: Semaphore::new(MAX_MOVING) })
    }

    /// Keeps `active` on the version that it is to run, until it ends.
    pub async fn follow(self: Arc<Self>, active: Arc<ActiveSession>) {
        let begin = active.entry().version().clone();
        let mut selection = self.catalog.watch(&begin.name);
        // The choice may have changed since the offer.
        selection.iter_mut().for_each(watch::Receiver::mark_changed);
        let mut probation = Probation::of(&active, &begin, 0).await;
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
        let version = next.version().clone();
        match session.swap(swap).await {
            Ok(sequence) => {
                active.replace_entry(next);
                if let Some(reason) = reason {
                    let text =
                        format!("version {} was rolled back to version {}: {reason}", from.number, version.number);
                    active.notice(Severity::Warning, "rolled-back", text);
                }
                active.send_swapped(from.number, sequence);
                Probation::of(active, &version, sequence).await
            }
            Err(SwapError::Ended) => None,
            Err(error) => {
                if let SwapError::Start(failure) = &error {
                    version.is_on_probation(Instant::now());
                    self.catalog.report_failure(&version, Failure::Start(failure.to_string()));
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

    /// Reports the failures of the version on probation since the last check.
    async fn check(&self, active: &ActiveSession, probation: &mut Option<Probation>) {
        let Some(on) = probation else { return };
        if let Some(session) = active.session() {
            if session.never_started() {
                let reason = active.control().watch().borrow().ended.clone().unwrap_or_default();
                self.catalog.report_failure(&on.version, Failure::Start(reason));
            }
            let (rows, next) = session.frames(on.cursor).await;
            on.cursor = next;
            let failed = rows.iter().filter(|row| row.sequence >= on.since && row.outcome == Outcome::Failed).count();
            if failed > 0 {
                self.catalog.report_failure(&on.version, Failure::Frames(failed as u32));
            }
        }
        if Instant::now() >= on.until {
            *probation = None;
        }
    }
}

/// A session whose version is on probation.
struct Probation {
    version: Arc<Version>,
    /// The first frame of the version.
    since: u64,
    cursor: u64,
    until: Instant,
}

impl Probation {
    /// Begins to watch `version`; `None` when it is not on probation.
    async fn of(active: &ActiveSession, version: &Arc<Version>, since: u64) -> Option<Self> {
        let now = Instant::now();
        if !version.is_on_probation(now) {
            return None;
        }
        let cursor = match active.session() {
            Some(session) if since > 0 => {
                // Rows of the version before may be skipped; later ones are recognised by their numbers.
                session.frames(0).await.1.saturating_sub(framebox_pipeline::session::history::MOST as u64)
            }
            _ => 0,
        };
        Some(Self { version: version.clone(), since, cursor, until: now + DURATION })
    }
}

//! Sessions move to the version that they are to run, and report what a version on trial does wrong.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_pipeline::Severity;
use framebox_pipeline::ring::Outcome;
use framebox_pipeline::successor::{Declined, Successor};
use tokio::sync::{Semaphore, watch};

use super::Live;
use framebox_catalog::probation::{DURATION, Failure};
use framebox_catalog::{Catalog, Selection, Version};

/// How often the frames of a version on trial are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Sessions that move at once: each has two instances meanwhile.
const AT_ONCE: usize = 2;

/// Lets sessions follow their handlers.
pub struct Guide {
    catalog: Arc<Catalog>,
    turns: Semaphore,
}

impl Guide {
    /// Of the handlers in `catalog`.
    pub fn new(catalog: Arc<Catalog>) -> Arc<Self> {
        Arc::new(Self { catalog, turns: Semaphore::new(AT_ONCE) })
    }

    /// Goes along with a session until it ends.
    pub async fn accompany(self: Arc<Self>, live: Arc<Live>) {
        let begin = live.entry().version().clone();
        let mut chosen = self.catalog.watch(&begin.name);
        // It may have changed between the offer and now.
        chosen.iter_mut().for_each(watch::Receiver::mark_changed);
        let mut trial = Trial::of(&live, &begin, 0);
        let mut life = live.bridge().watch();
        loop {
            let changed = async {
                match &mut chosen {
                    Some(chosen) => chosen.changed().await,
                    None => std::future::pending().await,
                }
            };
            let ended = async {
                let _ = life.wait_for(|watched| watched.ended.is_some()).await;
            };
            tokio::select! {
                () = ended => return self.look(&live, &mut trial),
                () = tokio::time::sleep(LOOK), if trial.is_some() => self.look(&live, &mut trial),
                changed = changed => match changed {
                    Ok(()) => {
                        if let Some(next) = self.move_on(&live, &mut chosen).await {
                            trial = Some(next);
                        }
                    }
                    // The handler was deleted; this session goes on with what it has.
                    Err(_) => chosen = None,
                },
            }
        }
    }

    /// Moves the session to where it is to be. Some: it did, and that version may be on trial.
    async fn move_on(&self, live: &Arc<Live>, chosen: &mut Option<watch::Receiver<Chosen>>) -> Option<Trial> {
        let _turn = self.turns.acquire().await.ok()?;
        let wanted = chosen.as_mut()?.borrow_and_update().clone();
        let entry = live.entry();
        let (from, follows) = (entry.version().clone(), wanted.follows(&entry)?);
        if wanted.active.number == from.number {
            live.replace_entry(entry.following(follows));
            return None;
        }
        drop(entry);
        let reason = from.rollback_reason();
        let next = match self.catalog.move_to(&wanted.active, follows).await {
            Ok(next) => next,
            Err(error) => {
                self.stays(live, &from, &wanted.active, &error.to_string());
                return None;
            }
        };
        let session = live.bridge().session()?;
        let successor =
            Successor { component: next.component.clone(), limits: next.limits.clone(), budgets: next.budgets.clone() };
        let version = next.version().clone();
        match tokio::task::spawn_blocking(move || session.swap(successor)).await {
            Ok(Ok(sequence)) => {
                live.replace_entry(next);
                if let Some(reason) = reason {
                    let text =
                        format!("version {} was rolled back to version {}: {reason}", from.number, version.number);
                    live.notice(Severity::Warning, "rolled-back", text);
                }
                live.tell_swapped(from.number, sequence);
                Trial::of(live, &version, sequence)
            }
            Ok(Err(Declined::Ended)) => None,
            Ok(Err(declined)) => {
                if let Declined::Start(failure) = &declined {
                    version.is_on_probation(Instant::now());
                    self.catalog.report_failure(&version, Failure::Start(failure.to_string()));
                }
                self.stays(live, &from, &version, &declined.to_string());
                None
            }
            Err(error) => {
                tracing::error!(%error, "a session could not be moved");
                None
            }
        }
    }

    fn stays(&self, live: &Live, from: &Version, to: &Version, reason: &str) {
        let text = format!(
            "version {} does not take over: {reason}; this session goes on with version {}",
            to.number, from.number
        );
        live.notice(Severity::Warning, "swap", text);
    }

    /// Reports what the version on trial did wrong since the last look.
    fn look(&self, live: &Live, trial: &mut Option<Trial>) {
        let Some(on) = trial else { return };
        if let Some(session) = live.bridge().session() {
            if session.never_started() {
                let reason = live.bridge().watch().borrow().ended.clone().unwrap_or_default();
                self.catalog.report_failure(&on.version, Failure::Start(reason));
            }
            let (rows, next) = session.frames(on.cursor);
            on.cursor = next;
            let failed = rows.iter().filter(|row| row.sequence >= on.since && row.outcome == Outcome::Failed).count();
            if failed > 0 {
                self.catalog.report_failure(&on.version, Failure::Frames(failed as u32));
            }
        }
        if Instant::now() >= on.until {
            *trial = None;
        }
    }
}

/// A session whose version may be on trial.
struct Trial {
    version: Arc<Version>,
    /// Of its frames.
    since: u64,
    cursor: u64,
    until: Instant,
}

impl Trial {
    /// None: it is not on trial.
    fn of(live: &Live, version: &Arc<Version>, since: u64) -> Option<Self> {
        let now = Instant::now();
        if !version.is_on_probation(now) {
            return None;
        }
        let cursor = match live.bridge().session() {
            Some(session) if since > 0 => {
                // Those of the version before may be left out; those that came since are told apart by their numbers.
                session.frames(0).1.saturating_sub(framebox_pipeline::ring::MOST as u64)
            }
            _ => 0,
        };
        Some(Self { version: version.clone(), since, cursor, until: now + LASTS })
    }
}

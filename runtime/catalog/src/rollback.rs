//! Rollback: a version that fails on probation goes back by itself.

use std::sync::Arc;
use std::time::Instant;

use super::catalog::Catalog;
use super::error::Error;
use super::event::{CatalogEvent, Change};
use super::probation::{Failure, Verdict};
use super::store::Handler;
use super::version::Version;

impl Catalog {
    /// Reports a failure of a version on probation, in `session`. When there are too many, the version before it becomes
    /// active again, or the handler has no canary any more. Returns at once: true when the version is to be probed, and
    /// [the outcome](Self::report_probe) reported.
    #[must_use]
    pub fn report_failure(self: &Arc<Self>, version: &Arc<Version>, session: &str, failure: Failure) -> bool {
        let verdict = version.probation().fail(Instant::now(), session, version.sessions(), failure);
        match verdict {
            Verdict::Wait => false,
            Verdict::Probe => true,
            Verdict::RollBack(reason) => {
                self.begin_rollback(version, reason);
                false
            }
        }
    }

    /// Reports whether a version failed on the server's own pictures. If it did, it is rolled back. Returns at once.
    pub fn report_probe(self: &Arc<Self>, version: &Arc<Version>, failed: bool) {
        let reason = version.probation().probed(failed);
        if let Some(reason) = reason {
            self.begin_rollback(version, reason);
        }
    }

    fn begin_rollback(self: &Arc<Self>, version: &Arc<Version>, reason: String) {
        let (catalog, version) = (self.clone(), version.clone());
        let work = move || {
            if let Err(error) = catalog.roll_back(&version, &reason) {
                tracing::error!(handler = version.name, version = version.number, %error, "cannot roll back");
            }
        };
        // Nobody waits for it: sessions follow the selection, and listeners get the event.
        tokio::task::spawn_blocking(work);
    }

    /// Does nothing when the version is neither active nor the canary any more, or no version is left to go back to.
    fn roll_back(&self, version: &Version, reason: &str) -> Result<(), Error> {
        let _changes = self.changes();
        let edited = self.edit(&version.name, |handler| {
            go_back(handler, version.number);
            Ok(())
        })?;
        if edited.before != edited.after {
            tracing::warn!(handler = version.name, version = version.number, reason, "rolled back");
            let reason = reason.to_owned();
            drop(self.events.publish(CatalogEvent {
                handler: version.name.clone(),
                version: Some(version.number),
                digest: Some(version.digest),
                bytes: version.bytes,
                actor: None,
                change: Change::RolledBack { reason },
            }));
        }
        Ok(())
    }
}

fn go_back(handler: &mut Handler, from: u64) {
    if handler.active == Some(from) && handler.previous.is_some() {
        handler.active = handler.previous.take();
    }
    handler.canary = handler.canary.filter(|canary| canary.version != from);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Canary;

    #[test]
    fn only_a_selected_version_goes_back_and_only_once() {
        let handler = |active, previous, canary: Option<u64>| Handler {
            active: Some(active),
            previous,
            canary: canary.map(|version| Canary { version, share: 0.5 }),
            last: 3,
        };
        for (before, from, after) in [
            (handler(2, Some(1), None), 2, handler(1, None, None)),
            (handler(1, None, None), 1, handler(1, None, None)),
            (handler(1, None, Some(3)), 3, handler(1, None, None)),
            (handler(2, Some(1), Some(3)), 2, handler(1, None, Some(3))),
            (handler(3, Some(1), None), 2, handler(3, Some(1), None)),
        ] {
            let mut handler = before.clone();
            go_back(&mut handler, from);
            assert_eq!(handler, after, "{before:?} from {from}");
        }
    }
}

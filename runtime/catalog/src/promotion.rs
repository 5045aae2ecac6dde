//! Promotion: which version of a handler new sessions get.

use std::sync::Arc;

use super::catalog::Catalog;
use super::error::Error;
use super::event::{Actor, CatalogEvent, Change};
use super::failpoint;
use super::store::{Batch, Canary, Handler};

/// What to select of a handler. An absent field stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Promotion {
    /// The active version.
    pub active: Option<u64>,
    /// The canary, or its end.
    pub canary: Option<Option<Canary>>,
}

/// The result of a promotion.
#[derive(Clone, Debug, PartialEq)]
pub struct Promoted {
    /// The handler's record.
    pub handler: Handler,
    /// Whether the promotion made a difference.
    pub changed: bool,
}

impl Handler {
    /// Makes a version the active one. It is no longer the canary.
    pub(super) fn activate(&mut self, number: u64) {
        self.previous = self.active;
        self.active = Some(number);
        self.canary = self.canary.filter(|canary| canary.version != number);
    }
}

impl Promotion {
    fn apply(self, handler: &mut Handler) -> Result<(), Error> {
        if let Some(number) = self.active
            && handler.active != Some(number)
        {
            handler.activate(number);
        }
        match self.canary {
            Some(Some(canary)) if !(0.0..=1.0).contains(&canary.share) => {
                return Err(Error::Canary("the canary's share must be a number from 0 to 1"));
            }
            Some(Some(canary)) if handler.active.is_none() || handler.active == Some(canary.version) => {
                return Err(Error::Canary(
                    "the canary must be another version than the active one: activate a version first",
                ));
            }
            Some(canary) => handler.canary = canary,
            None => {}
        }
        Ok(())
    }
}

impl Catalog {
    /// Sets the active version of `name`, its canary, or both.
    ///
    /// # Errors
    /// When there is no such version, or the change cannot be stored.
    pub async fn promote(self: &Arc<Self>, name: &str, promotion: Promotion, actor: Actor) -> Result<Promoted, Error> {
        let name = name.to_owned();
        let (promoted, handled) = self
            .blocking(move |catalog| {
                let _changes = catalog.changes();
                let edited = catalog.edit(&name, |handler| promotion.apply(handler))?;
                let event = (edited.before != edited.after).then(|| catalog.promoted(&name, &edited, actor));
                let handled = event.map(|event| catalog.events.publish(event));
                Ok((Promoted { changed: edited.before != edited.after, handler: edited.after }, handled))
            })
            .await?;
        if let Some(handled) = handled {
            handled.wait().await;
        }
        Ok(promoted)
    }

    fn promoted(&self, name: &str, Edited { before, after }: &Edited, actor: Actor) -> CatalogEvent {
        let activated = after.active.filter(|_| after.active != before.active);
        let number = activated.or(after.canary.map(|canary| canary.version)).or(after.active);
        let version = number.and_then(|number| self.index().get(name).ok()?.versions.get(&number).cloned());
        let replaced = before.active.filter(|_| activated.is_some());
        CatalogEvent {
            handler: name.to_owned(),
            version: number,
            digest: version.as_ref().map(|version| version.digest),
            bytes: version.map_or(0, |version| version.bytes),
            actor: Some(actor),
            change: Change::Promoted { replaced, canary: after.canary },
        }
    }

    /// Edits the record of a handler. The caller holds the lock of changes.
    pub(super) fn edit(
        &self,
        name: &str,
        edit: impl FnOnce(&mut Handler) -> Result<(), Error>,
    ) -> Result<Edited, Error> {
        failpoint::hit("promote.begin");
        let (before, after) = {
            let index = self.index();
            let entry = index.get_changeable(name)?;
            let mut handler = entry.handler.clone();
            edit(&mut handler)?;
            let named = [handler.active, handler.canary.map(|canary| canary.version)];
            if let Some(missing) = named.into_iter().flatten().find(|number| !entry.versions.contains_key(number)) {
                return Err(Error::NoVersion { name: name.to_owned(), version: missing.to_string() });
            }
            (entry.handler.clone(), handler)
        };
        if after == before {
            return Ok(Edited { before, after });
        }
        let batch = Batch { handlers: vec![(name.to_owned(), Some(after.clone()))], ..Batch::default() };
        self.store.commit(&batch, "promote")?;
        if let Some(entry) = self.index().handlers.get_mut(name) {
            entry.set(after.clone());
        }
        tracing::info!(handler = name, active = after.active, canary = ?after.canary, "promoted");
        failpoint::hit("promote.end");
        Ok(Edited { before, after })
    }
}

/// The record of a handler before and after an edit.
pub(super) struct Edited {
    pub before: Handler,
    pub after: Handler,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promotion_changes_what_it_names() {
        let before = Handler { active: Some(1), previous: None, canary: None, last: 3 };
        let canary = |version, share| Some(Some(Canary { version, share }));
        let with = Handler { canary: Some(Canary { version: 2, share: 0.1 }), ..before.clone() };
        let promoted = Handler { active: Some(2), previous: Some(1), ..before.clone() };
        for (from, promotion, to) in [
            (&before, Promotion::default(), Some(&before)),
            (&before, Promotion { active: Some(1), canary: None }, Some(&before)),
            (&before, Promotion { active: None, canary: canary(2, 0.1) }, Some(&with)),
            (&with, Promotion { active: Some(2), canary: None }, Some(&promoted)),
            (&with, Promotion { active: None, canary: Some(None) }, Some(&before)),
            (&before, Promotion { active: None, canary: canary(1, 0.1) }, None),
            (&before, Promotion { active: None, canary: canary(2, 1.1) }, None),
            (&before, Promotion { active: None, canary: canary(2, f64::NAN) }, None),
        ] {
            let mut handler = from.clone();
            let applied = promotion.apply(&mut handler).is_ok();
            assert_eq!(applied.then_some(&handler), to, "{promotion:?}");
        }
    }
}

//! Promoting, rolling back, canaries, deleting.

use std::sync::Arc;
use std::time::Instant;

use super::store::{Change, Handler};
use super::trial::Fault;
use super::version::Version;
use super::{Catalog, Error, TakenBack};
use crate::failpoint as fault;

pub use super::store::Canary;

impl Handler {
    /// Makes a version the active one. A canary that it was is one no more.
    pub(super) fn activate(&mut self, number: u64) {
        self.previous = self.active;
        self.active = Some(number);
        self.canary = self.canary.filter(|canary| canary.version != number);
    }
}

/// What is to be set of a handler; what is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Choice {
    /// The active version.
    pub active: Option<u64>,
    /// A canary, or the end of one.
    pub canary: Option<Option<Canary>>,
}

impl Catalog {
    /// Sets the active version of `name`, its canary, or both.
    ///
    /// # Errors
    /// When there is no such version, or it could not be kept.
    pub async fn choose(self: &Arc<Self>, name: &str, choice: Choice) -> Result<Handler, Error> {
        let name = name.to_owned();
        self.blocking(move |catalog| catalog.change(&name, |handler| choice.apply(handler)).map(|(handler, _)| handler))
            .await
    }

    /// Whoever is told of versions that are taken back by themselves. Only the first one is.
    pub fn on_taken_back(&self, told: TakenBack) {
        let _ = self.on_taken_back.set(told);
    }

    /// A version on trial did something wrong. When that is too much, the handler goes back to the version before it, or
    /// has no canary any more.
    pub fn faulted(self: &Arc<Self>, version: &Arc<Version>, fault: Fault) {
        let Some(reason) = version.trial().fault(Instant::now(), fault) else { return };
        let (catalog, version) = (self.clone(), version.clone());
        let work = move || match catalog.take_back(&version) {
            Ok(false) => {}
            Ok(true) => {
                tracing::warn!(handler = version.name, version = version.number, reason, "rolled back");
                if let Some(told) = catalog.on_taken_back.get() {
                    told(&version, &reason);
                }
            }
            Err(error) => tracing::error!(handler = version.name, %error, "a version cannot be rolled back"),
        };
        // It goes on by itself; what may come of it is told to the sessions.
        tokio::task::spawn_blocking(work);
    }

    /// False: it is neither the active one nor the canary any more, or there is nothing to go back to.
    fn take_back(&self, version: &Version) -> Result<bool, Error> {
        let go_back = |handler: &mut Handler| {
            if handler.active == Some(version.number) && handler.previous.is_some() {
                handler.active = handler.previous.take();
            }
            handler.canary = handler.canary.filter(|canary| canary.version != version.number);
            Ok(())
        };
        self.change(&version.name, go_back).map(|(_, changed)| changed)
    }

    /// Changes what holds of a handler. Says whether that made a difference.
    fn change(
        &self,
        name: &str,
        edit: impl FnOnce(&mut Handler) -> Result<(), Error>,
    ) -> Result<(Handler, bool), Error> {
        fault::point("promote.begin");
        let _changes = self.changes();
        let (before, handler) = {
            let shelf = self.shelf();
            let place = shelf.changeable(name)?;
            let mut handler = place.handler.clone();
            edit(&mut handler)?;
            let named = [handler.active, handler.canary.map(|canary| canary.version)];
            if let Some(missing) = named.into_iter().flatten().find(|number| !place.versions.contains_key(number)) {
                return Err(Error::NoVersion { name: name.to_owned(), version: missing.to_string() });
            }
            (place.handler.clone(), handler)
        };
        if handler == before {
            return Ok((handler, false));
        }
        let change = Change { handlers: vec![(name.to_owned(), Some(handler.clone()))], ..Change::default() };
        self.store.commit(&change, "promote")?;
        if let Some(place) = self.shelf().handlers.get_mut(name) {
            place.set(handler.clone());
        }
        tracing::info!(handler = name, active = handler.active, canary = ?handler.canary, "chosen");
        fault::point("promote.end");
        Ok((handler, true))
    }

    /// Deletes a version that is neither active nor the canary. With `drain`, sessions that use it go on with it.
    ///
    /// # Errors
    /// When there is no such version, it is needed, or that could not be kept.
    pub async fn delete_version(self: &Arc<Self>, name: &str, number: u64, drain: bool) -> Result<(), Error> {
        let name = name.to_owned();
        self.blocking(move |catalog| {
            fault::point("delete.begin");
            let _changes = catalog.changes();
            let (version, handler) = {
                let mut shelf = catalog.shelf();
                let place = shelf.changeable(&name)?;
                let missing = || Error::NoVersion { name: name.clone(), version: number.to_string() };
                let version = place.versions.get(&number).ok_or_else(missing)?.clone();
                let chosen = |role| Error::Chosen { name: name.clone(), version: number, role };
                let mut handler = place.handler.clone();
                if handler.active == Some(number) {
                    return Err(chosen("the active one"));
                }
                if handler.canary.is_some_and(|canary| canary.version == number) {
                    return Err(chosen("the canary"));
                }
                in_use(version.sessions(), drain)?;
                handler.previous = handler.previous.filter(|previous| *previous != number);
                // From here on no session begins on it.
                if let Some(place) = shelf.handlers.get_mut(&name) {
                    place.versions.remove(&number);
                }
                (version, handler)
            };
            let kept = catalog.drop_versions(&name, Some(handler.clone()), std::slice::from_ref(&version));
            let mut shelf = catalog.shelf();
            if let Some(place) = shelf.handlers.get_mut(&name) {
                match &kept {
                    Ok(()) => place.set(handler),
                    Err(_) => drop(place.versions.insert(number, version)),
                }
            }
            kept
        })
        .await
    }

    /// Deletes a handler with all its versions. With `drain`, sessions that use it go on with it.
    ///
    /// # Errors
    /// When there is no such handler, it is in use, or that could not be kept.
    pub async fn delete(self: &Arc<Self>, name: &str, drain: bool) -> Result<(), Error> {
        let name = name.to_owned();
        self.blocking(move |catalog| {
            fault::point("delete.begin");
            let _changes = catalog.changes();
            let place = {
                let mut shelf = catalog.shelf();
                let place = shelf.changeable(&name)?;
                in_use(place.versions.values().map(|version| version.sessions()).sum(), drain)?;
                shelf.handlers.remove(&name)
            };
            let Some(place) = place else { return Ok(()) };
            let versions: Vec<_> = place.versions.values().cloned().collect();
            let kept = catalog.drop_versions(&name, None, &versions);
            if kept.is_err() {
                catalog.shelf().handlers.insert(name, place);
            }
            kept
        })
        .await
    }

    /// Forgets versions that are off the shelf already, and what nobody else uses of their components.
    fn drop_versions(&self, name: &str, handler: Option<Handler>, versions: &[Arc<Version>]) -> Result<(), Error> {
        let unused: Vec<_> = {
            let shelf = self.shelf();
            let digests = versions.iter().map(|version| version.digest);
            digests.filter(|digest| !shelf.uses(digest)).collect()
        };
        let change = Change {
            handlers: vec![(name.to_owned(), handler)],
            versions: versions.iter().map(|version| (name.to_owned(), version.number, None)).collect(),
            components: unused.iter().map(|digest| (*digest, None)).collect(),
        };
        self.store.commit(&change, "delete")?;
        for digest in &unused {
            self.shelf().components.remove(digest);
            self.loaded.forget(digest);
            self.store.remove(digest);
        }
        for version in versions {
            tracing::info!(handler = name, version = version.number, sessions = version.sessions(), "deleted");
        }
        fault::point("delete.end");
        Ok(())
    }
}

fn in_use(sessions: usize, drain: bool) -> Result<(), Error> {
    if sessions > 0 && !drain { Err(Error::InUse { sessions }) } else { Ok(()) }
}

impl Choice {
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
                    "the canary must be another version than the active one, which there must be",
                ));
            }
            Some(canary) => handler.canary = canary,
            None => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_changes_what_it_names() {
        let before = Handler { active: Some(1), previous: None, canary: None, last: 3 };
        let canary = |version, share| Some(Some(Canary { version, share }));
        let with = Handler { canary: Some(Canary { version: 2, share: 0.1 }), ..before.clone() };
        let promoted = Handler { active: Some(2), previous: Some(1), ..before.clone() };
        for (from, choice, to) in [
            (&before, Choice::default(), Some(&before)),
            (&before, Choice { active: Some(1), canary: None }, Some(&before)),
            (&before, Choice { active: None, canary: canary(2, 0.1) }, Some(&with)),
            (&with, Choice { active: Some(2), canary: None }, Some(&promoted)),
            (&with, Choice { active: None, canary: Some(None) }, Some(&before)),
            (&before, Choice { active: None, canary: canary(1, 0.1) }, None),
            (&before, Choice { active: None, canary: canary(2, 1.1) }, None),
            (&before, Choice { active: None, canary: canary(2, f64::NAN) }, None),
        ] {
            let mut handler = from.clone();
            let applied = choice.apply(&mut handler).is_ok();
            assert_eq!(applied.then_some(&handler), to, "{choice:?}");
        }
    }
}

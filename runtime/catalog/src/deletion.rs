//! Deletion of versions and handlers.

use std::sync::Arc;

use super::catalog::Catalog;
use super::error::Error;
use super::event::{Actor, CatalogEvent, Change};
use super::failpoint;
use super::store::{Batch, Handler};
use super::version::Version;

impl Catalog {
    /// Deletes a version that is neither active nor the canary. With `drain`, sessions that use it keep it.
    ///
    /// # Errors
    /// When there is no such version, it is active, the canary or in use, or the change cannot be stored.
    pub async fn delete_version(
        self: &Arc<Self>,
        name: &str,
        number: u64,
        drain: bool,
        actor: Actor,
    ) -> Result<(), Error> {
        let name = name.to_owned();
        let handled = self
            .blocking(move |catalog| {
                let _changes = catalog.changes();
                let version = catalog.remove_version(&name, number, drain)?;
                Ok(catalog.events.publish(CatalogEvent {
                    handler: name,
                    version: Some(number),
                    digest: Some(version.digest),
                    bytes: version.bytes,
                    actor: Some(actor),
                    change: Change::Deleted,
                }))
            })
            .await?;
        handled.wait().await;
        Ok(())
    }

    /// Deletes a handler with all its versions. With `drain`, sessions that use it keep it.
    ///
    /// # Errors
    /// When there is no such handler, it is in use, or the change cannot be stored.
    pub async fn delete(self: &Arc<Self>, name: &str, drain: bool, actor: Actor) -> Result<(), Error> {
        let name = name.to_owned();
        let handled = self
            .blocking(move |catalog| {
                let _changes = catalog.changes();
                let versions = catalog.remove_handler(&name, drain)?;
                Ok(catalog.events.publish(CatalogEvent {
                    handler: name,
                    version: None,
                    digest: None,
                    bytes: versions.iter().map(|version| version.bytes).sum(),
                    actor: Some(actor),
                    change: Change::Deleted,
                }))
            })
            .await?;
        handled.wait().await;
        Ok(())
    }

    fn remove_version(&self, name: &str, number: u64, drain: bool) -> Result<Arc<Version>, Error> {
        failpoint::hit("delete.begin");
        let (version, handler) = {
            let mut index = self.index();
            let entry = index.get_changeable(name)?;
            let missing = || Error::NoVersion { name: name.to_owned(), version: number.to_string() };
            let version = entry.versions.get(&number).ok_or_else(missing)?.clone();
            let selected = |role| Error::Selected { name: name.to_owned(), version: number, role };
            let mut handler = entry.handler.clone();
            if handler.active == Some(number) {
                return Err(selected("the active one"));
            }
            if handler.canary.is_some_and(|canary| canary.version == number) {
                return Err(selected("the canary"));
            }
            check_unused(version.sessions(), drain)?;
            handler.previous = handler.previous.filter(|previous| *previous != number);
            // From here on no session begins on it.
            if let Some(entry) = index.handlers.get_mut(name) {
                entry.versions.remove(&number);
            }
            (version, handler)
        };
        let removed = self.remove_stored(name, Some(handler.clone()), std::slice::from_ref(&version));
        let mut index = self.index();
        if let Some(entry) = index.handlers.get_mut(name) {
            match &removed {
                Ok(()) => entry.set(handler),
                Err(_) => drop(entry.versions.insert(number, version.clone())),
            }
        }
        removed.map(|()| version)
    }

    fn remove_handler(&self, name: &str, drain: bool) -> Result<Vec<Arc<Version>>, Error> {
        failpoint::hit("delete.begin");
        let entry = {
            let mut index = self.index();
            let entry = index.get_changeable(name)?;
            check_unused(entry.versions.values().map(|version| version.sessions()).sum(), drain)?;
            index.handlers.remove(name).ok_or_else(|| Error::NoHandler(name.to_owned()))?
        };
        let versions: Vec<_> = entry.versions.values().cloned().collect();
        if let Err(error) = self.remove_stored(name, None, &versions) {
            self.index().handlers.insert(name.to_owned(), entry);
            return Err(error);
        }
        Ok(versions)
    }

    /// Removes versions that have left the index from the store, with the components that no other version is.
    fn remove_stored(&self, name: &str, handler: Option<Handler>, versions: &[Arc<Version>]) -> Result<(), Error> {
        let unused: Vec<_> = {
            let index = self.index();
            let digests = versions.iter().map(|version| version.digest);
            digests.filter(|digest| !index.uses(digest)).collect()
        };
        let batch = Batch {
            handlers: vec![(name.to_owned(), handler)],
            versions: versions.iter().map(|version| (name.to_owned(), version.number, None)).collect(),
            components: unused.iter().map(|digest| (*digest, None)).collect(),
        };
        self.store.commit(&batch, "delete")?;
        for digest in &unused {
            self.index().components.remove(digest);
            self.loaded.remove(digest);
            self.store.remove(digest);
        }
        for version in versions {
            tracing::info!(handler = name, version = version.number, sessions = version.sessions(), "deleted");
        }
        failpoint::hit("delete.end");
        Ok(())
    }
}

fn check_unused(sessions: usize, drain: bool) -> Result<(), Error> {
    if sessions > 0 && !drain { Err(Error::InUse { sessions }) } else { Ok(()) }
}

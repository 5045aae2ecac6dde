//! The catalog itself: its parts, and what does not change it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framebox_sandbox::{CompileLimits, Digest, Engine};
use tokio::sync::watch;

use super::binding::{Binding, LoadedVersion, Selection};
use super::compile::Worker;
use super::component_cache::ComponentCache;
use super::defaults::Defaults;
use super::error::Error;
use super::index::Index;
use super::name::{self, Selector, VersionSelector};
use super::progress::Uploads;
use super::store::{Handler, Store};
use super::subscription::{Publisher, Subscription};
use super::version::{Version, VersionGuard};

/// Handlers and their versions.
pub struct Catalog {
    pub(super) defaults: Defaults,
    pub(super) engine: Engine,
    pub(super) allowance: CompileLimits,
    /// Name of the default handler.
    pub(super) default: String,
    pub(super) store: Store,
    pub(super) worker: Worker,
    pub(super) loaded: ComponentCache,
    /// The components of built-in handlers.
    pub(super) embedded: HashMap<Digest, &'static [u8]>,
    pub(super) uploads: Uploads,
    /// Held for moments only.
    pub(super) index: Mutex<Index>,
    /// Held during a change: one change at a time. Taken before the index.
    pub(super) changes: Mutex<()>,
    pub(super) events: Publisher,
}

/// A handler with its versions.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The handler's record.
    pub handler: Handler,
    /// Its versions, the oldest first.
    pub versions: Vec<Arc<Version>>,
}

impl Catalog {
    /// Returns the version that a session gets, loaded, and in use until it is dropped. `selector`: `name`, `name@3` or
    /// `name@sha256:…`; `None`: the default handler.
    ///
    /// # Errors
    /// When there is no such version, or it cannot be loaded.
    pub async fn open(self: &Arc<Self>, selector: Option<&str>) -> Result<LoadedVersion, Error> {
        let text = selector.unwrap_or(&self.default);
        let selector = name::parse(text).ok_or_else(|| Error::Selector(text.to_owned()))?;
        let (guard, binding) = {
            let mut index = self.index();
            let (version, binding) = index.select(&selector)?;
            (VersionGuard::new(version), binding)
        };
        self.load(guard, binding).await
    }

    /// Returns `version`, as [`Catalog::open`] does, for a session that moves to it with `binding`.
    ///
    /// # Errors
    /// When it was deleted meanwhile, or cannot be loaded.
    pub async fn move_to(self: &Arc<Self>, version: &Version, binding: Binding) -> Result<LoadedVersion, Error> {
        let guard = {
            let selector = Selector { name: &version.name, version: VersionSelector::Number(version.number) };
            VersionGuard::new(self.index().select(&selector)?.0)
        };
        self.load(guard, binding).await
    }

    /// Follows which versions of `name` new sessions get; `None` while no version is active. The channel is closed when
    /// the handler is deleted.
    pub fn watch(&self, name: &str) -> Option<watch::Receiver<Selection>> {
        self.index().handlers.get(name)?.watch()
    }

    /// Adds a listener to the changes from this moment on.
    pub fn subscribe(&self) -> Subscription {
        self.events.subscribe()
    }

    /// Ends every subscription after the events that are queued. Later changes reach no listener.
    pub fn close_subscriptions(&self) {
        self.events.close();
    }

    /// Returns the active version of `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn active(&self, name: &str) -> Result<Arc<Version>, Error> {
        let index = self.index();
        index.get(name)?.active().cloned().ok_or_else(|| Error::NoneActive(name.to_owned()))
    }

    /// Lists the active version of every handler, built-in and configured ones first.
    pub fn list(&self) -> Vec<Arc<Version>> {
        self.index().list()
    }

    /// Name of the handler of an offer that names none.
    pub fn default_name(&self) -> &str {
        &self.default
    }

    /// Lists the versions of `name`.
    ///
    /// # Errors
    /// When there is no such handler.
    pub fn versions(&self, name: &str) -> Result<Listing, Error> {
        let index = self.index();
        let entry = index.get(name)?;
        Ok(Listing { handler: entry.handler.clone(), versions: entry.versions.values().cloned().collect() })
    }

    /// Uploads in progress or recently ended.
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Largest component that can be uploaded, bytes.
    pub fn largest(&self) -> usize {
        self.allowance.bytes
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn changes(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work`, which waits for disks and guests, on a thread for it. Once begun it runs to its end, also when the
    /// future is dropped.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let catalog = self.clone();
        tokio::task::spawn_blocking(move || work(&catalog)).await.unwrap_or(Err(Error::Ending))
    }
}

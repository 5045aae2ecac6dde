//! The handlers that this server offers: the built-in ones, those of the configuration, and those that were uploaded.
//!
//! **An upload is whole or absent**: it is checked, compiled in a process of its own, asked what it is, kept, and then made
//! visible in one step. A crash at any moment leaves the catalog as it was before or after.
//!
//! | module | what it holds |
//! |---|---|
//! | `name` | what names handlers may have; what of a handler a session asks for |
//! | [`version`] | a version, and what holds it in use |
//! | `shelf` | who is there, and which version a session gets |
//! | [`store`] | what outlives the program |
//! | [`compile`] | compiling in a process of its own |
//! | [`trial`] | whether a version may stay in its first seconds |
//! | `cache` | what built-in handlers were compiled to, between runs |
//! | `loaded` | components in memory, loaded at their first use |
//! | `start` | what is there at the start |
//! | `load` | from what is kept to what can be run |
//! | [`upload`], [`progress`] | from bytes to a version, and how far it is |
//! | `change` | promoting, rolling back, canaries, deleting |

mod built_in;
mod cache;
mod change;
pub mod compile;
pub mod data_dir;
mod defaults;
mod error;
mod failpoint;
pub mod limits;
mod load;
mod loaded;
pub mod name;
pub mod progress;
mod shelf;
mod start;
pub mod store;
pub mod trial;
pub mod upload;
pub mod version;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use framebox_sandbox::{CompileLimits, Digest, Engine};
use tokio::sync::watch;

use compile::Workshop;
use loaded::Loaded;
use progress::Uploads;
use shelf::Shelf;
use store::{Handler, Store};

pub use change::{Canary, Choice};
pub use defaults::{Defaults, Handler as HandlerDefaults};
pub use error::Error;
pub use version::{Chosen, Entry, Follows, Shown, Version};

use name::{Wanted, Which};
use version::Hold;

/// Handlers and their versions.
pub struct Catalog {
    defaults: Defaults,
    engine: Engine,
    allowance: CompileLimits,
    default: String,
    store: Store,
    workshop: Workshop,
    loaded: Loaded,
    /// The components of built-in handlers.
    embedded: HashMap<Digest, &'static [u8]>,
    uploads: Uploads,
    /// Held for a moment only.
    shelf: Mutex<Shelf>,
    /// Held while what is kept changes: one change at a time. Taken before the shelf.
    changes: Mutex<()>,
    /// Told of versions that were taken back.
    on_taken_back: OnceLock<TakenBack>,
}

/// Takes the version that was taken back, and why.
pub type TakenBack = Box<dyn Fn(&Version, &str) + Send + Sync>;

/// A handler with its versions.
#[derive(Clone, Debug)]
pub struct Listing {
    /// What holds of the handler.
    pub handler: Handler,
    /// Its versions, the oldest first.
    pub versions: Vec<Arc<Version>>,
}

impl Catalog {
    /// The version that a session which asks for `wanted` gets, loaded and in use until it is dropped: `name`, `name@3` or
    /// `name@sha256:…`; none: the default handler.
    ///
    /// # Errors
    /// When there is no such version, or it cannot be loaded.
    pub async fn open(self: &Arc<Self>, wanted: Option<&str>) -> Result<Entry, Error> {
        let text = wanted.unwrap_or(&self.default);
        let wanted = name::parse(text).ok_or_else(|| Error::Wanted(text.to_owned()))?;
        let (hold, follows) = {
            let mut shelf = self.shelf();
            let (version, follows) = shelf.choose(&wanted)?;
            (Hold::new(version), follows)
        };
        self.enter(hold, follows).await
    }

    /// As [`Catalog::open`], for a session that moves to `version`, as [`Catalog::watch`] told of it.
    ///
    /// # Errors
    /// When it was deleted meanwhile, or cannot be loaded.
    pub async fn move_to(self: &Arc<Self>, version: &Version, follows: Follows) -> Result<Entry, Error> {
        let hold = {
            let wanted = Wanted { name: &version.name, which: Which::Number(version.number) };
            Hold::new(self.shelf().choose(&wanted)?.0)
        };
        self.enter(hold, follows).await
    }

    /// Tells of what is chosen of `name`. None: nothing is. It is closed when the handler is deleted.
    pub fn watch(&self, name: &str) -> Option<watch::Receiver<Chosen>> {
        self.shelf().handlers.get(name)?.watch()
    }

    /// The active version of `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn active(&self, name: &str) -> Result<Arc<Version>, Error> {
        let shelf = self.shelf();
        shelf.place(name)?.active().cloned().ok_or_else(|| Error::NoneActive(name.to_owned()))
    }

    /// The active version of every handler, in the order in which they are shown.
    pub fn list(&self) -> Vec<Arc<Version>> {
        self.shelf().shown()
    }

    /// The handler of an offer that names none.
    pub fn default_name(&self) -> &str {
        &self.default
    }

    /// The versions of `name`.
    ///
    /// # Errors
    /// When there is no such handler.
    pub fn versions(&self, name: &str) -> Result<Listing, Error> {
        let shelf = self.shelf();
        let place = shelf.place(name)?;
        Ok(Listing { handler: place.handler.clone(), versions: place.versions.values().cloned().collect() })
    }

    /// Uploads that are under way, or ended a short while ago.
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Largest component that may be uploaded, bytes.
    pub fn largest(&self) -> usize {
        self.allowance.bytes
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does on a thread for it what waits for disks and guests. Goes on to its end even when nobody waits for it.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let catalog = self.clone();
        tokio::task::spawn_blocking(move || work(&catalog)).await.unwrap_or(Err(Error::Ending))
    }
}

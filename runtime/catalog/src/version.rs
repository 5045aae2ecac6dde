//! A version of a handler, and what holds it in use.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use framebox_pipeline::{Budgets, Policy};
use framebox_sandbox::{Component, Descriptor, Digest, Kind, Limits};
use serde::Serialize;
use utoipa::ToSchema;

use super::loaded::Slot;
use super::store::About;
use super::trial::Trial;
use crate::limits::Table;

/// A version of a handler. It never changes.
#[derive(Debug)]
pub struct Version {
    /// The handler.
    pub name: String,
    /// Counted from 1 for each handler.
    pub number: u64,
    /// The component.
    pub digest: Digest,
    /// Its size, bytes.
    pub bytes: u64,
    /// When it came, milliseconds since 1970; none for what comes with the program or its configuration.
    pub uploaded_ms: Option<u64>,
    /// What it is.
    pub about: About,
    /// What it may use, as far as that came with it.
    pub brought: Table,
    /// What an instance of it may use.
    pub limits: Limits,
    /// What a session of it may use beyond a call.
    pub budgets: Budgets,
    /// Of sessions whose offer names none.
    pub policy: Policy,
    /// Comes with the program.
    pub built_in: bool,
    pub(super) sessions: AtomicUsize,
    pub(super) trial: Mutex<Trial>,
}

impl Version {
    /// Sessions that use it.
    pub fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Acquire)
    }

    /// A session uses it. True: it is on trial, and what it does wrong is to be [reported](super::Catalog::faulted).
    pub fn is_on_trial(&self, now: Instant) -> bool {
        self.trial().used(now)
    }

    /// Why it was taken back, if it was.
    pub fn verdict(&self) -> Option<String> {
        self.trial().verdict().map(str::to_owned)
    }

    pub(super) fn trial(&self) -> MutexGuard<'_, Trial> {
        self.trial.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a session has the version that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// It is the active one: the session moves on when another one becomes active.
    Active,
    /// It is the canary.
    Canary,
    /// The session asked for this one.
    Pinned,
}

/// What is chosen of a handler.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The active version.
    pub active: Arc<Version>,
    /// Number of the canary.
    pub canary: Option<u64>,
}

impl Chosen {
    /// Why a session that runs `entry` is to run the active version. None: it stays where it is.
    pub fn follows(&self, entry: &Entry) -> Option<Follows> {
        let is_canary = self.canary == Some(entry.version().number);
        match entry.follows {
            Follows::Pinned => None,
            Follows::Canary if is_canary => None,
            Follows::Canary | Follows::Active => Some(Follows::Active),
        }
    }
}

/// Holds a version in use until it is dropped.
#[derive(Debug)]
pub struct Hold(Arc<Version>);

impl Hold {
    /// Only under the catalog's lock: whoever deletes a version has looked there for who uses it.
    pub(super) fn new(version: Arc<Version>) -> Self {
        version.sessions.fetch_add(1, Ordering::AcqRel);
        Self(version)
    }

    /// What is held.
    pub fn version(&self) -> &Arc<Version> {
        &self.0
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A version that is loaded and in use. Clones share everything.
#[derive(Clone)]
pub struct Entry {
    /// The compiled component.
    pub component: Component,
    /// What an instance of it may use.
    pub limits: Limits,
    /// What a session of it may use beyond a call.
    pub budgets: Budgets,
    /// Of sessions whose offer names none.
    pub policy: Policy,
    /// Why it is this version.
    pub follows: Follows,
    pub(super) hold: Arc<Hold>,
    /// Keeps it in memory.
    pub(super) _slot: Arc<Slot>,
}

impl Entry {
    /// The same for another reason.
    pub fn following(self, follows: Follows) -> Self {
        Self { follows, ..self }
    }

    /// Which version it is.
    pub fn version(&self) -> &Arc<Version> {
        self.hold.version()
    }
}

/// A handler as the API shows it: the descriptor of its active version, with name, kind and digest.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Handler)]
pub struct Shown<'a> {
    #[serde(flatten)]
    descriptor: &'a Descriptor,
    name: &'a str,
    kind: Kind,
    digest: Digest,
    builtin: bool,
    version: u64,
}

impl Version {
    /// As the API shows a handler of which this is the active version.
    pub fn shown(&self) -> Shown<'_> {
        let Self { name, number, digest, about, built_in, .. } = self;
        Shown {
            descriptor: &about.descriptor,
            name,
            kind: about.kind,
            digest: *digest,
            builtin: *built_in,
            version: *number,
        }
    }
}

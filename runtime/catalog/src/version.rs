//! A version of a handler, and the guard that keeps it in use.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use framebox_sandbox::{Descriptor, Digest, Kind};
use serde::Serialize;
use utoipa::ToSchema;

use super::limits::Table;
use super::probation::Probation;
use super::store::Metadata;

/// A version of a handler. Immutable but for its probation and the count of its sessions.
#[derive(Debug)]
pub struct Version {
    /// The handler's name.
    pub name: String,
    /// Counted from 1 for each handler.
    pub number: u64,
    /// Digest of the component.
    pub digest: Digest,
    /// Size of the component, bytes.
    pub bytes: u64,
    /// When it was uploaded, milliseconds since 1970; `None` for a built-in or configured handler.
    pub uploaded_ms: Option<u64>,
    /// Key of the principal that uploaded it, to whose quota it counts; `None`: to nobody's.
    pub uploaded_by: Option<String>,
    /// What the component declares.
    pub metadata: Metadata,
    /// The limits that its upload requested.
    pub requested_limits: Table,
    /// The limits that apply to it, with the operator's settings.
    pub limits: Table,
    /// Whether it is built into the program.
    pub built_in: bool,
    pub(super) sessions: AtomicUsize,
    pub(super) probation: Mutex<Probation>,
}

impl Version {
    /// Number of sessions that use it.
    pub fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Acquire)
    }

    /// Notes that a session uses it. Returns whether it is on probation, so that its failures are to be
    /// [reported](super::Catalog::report_failure).
    pub fn is_on_probation(&self, now: Instant) -> bool {
        self.probation().used(now)
    }

    /// Why it was rolled back, if it was.
    pub fn rollback_reason(&self) -> Option<String> {
        self.probation().rollback_reason().map(str::to_owned)
    }

    /// Describes the handler of which this is the active version.
    pub fn summary(&self) -> Summary<'_> {
        let Self { name, number, digest, metadata, built_in, .. } = self;
        Summary {
            descriptor: &metadata.descriptor,
            name,
            kind: metadata.kind,
            digest: *digest,
            builtin: *built_in,
            version: *number,
        }
    }

    pub(super) fn probation(&self) -> MutexGuard<'_, Probation> {
        self.probation.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A handler as the API lists it: the descriptor of its active version, with name, kind and digest.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Handler)]
pub struct Summary<'a> {
    #[serde(flatten)]
    descriptor: &'a Descriptor,
    name: &'a str,
    kind: Kind,
    digest: Digest,
    builtin: bool,
    version: u64,
}

/// Keeps a version in use until it is dropped.
#[derive(Debug)]
pub struct VersionGuard(Arc<Version>);

impl VersionGuard {
    /// Counts a session. Only under the lock of the index: deleting a version checks there whether it is in use.
    pub(super) fn new(version: Arc<Version>) -> Self {
        version.sessions.fetch_add(1, Ordering::AcqRel);
        Self(version)
    }

    /// The version.
    pub fn version(&self) -> &Arc<Version> {
        &self.0
    }
}

impl Drop for VersionGuard {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::AcqRel);
    }
}

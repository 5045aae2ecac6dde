//! Events: what the catalog did, and who caused it.

use framebox_sandbox::Digest;

use super::store::Canary;

/// Who caused a change. The catalog hands it to the listeners and does not interpret it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// Name of the principal; `None`: anonymous.
    pub principal: Option<String>,
    /// Address that the request came from.
    pub address: Option<String>,
    /// Key to which uploads belong, unique and stable; `None`: to nobody.
    pub key: Option<String>,
}

/// A committed change of the catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogEvent {
    /// The handler's name.
    pub handler: String,
    /// The version that was uploaded, selected, rolled back or deleted; `None`: the handler with all its versions.
    pub version: Option<u64>,
    /// Digest of that version's component.
    pub digest: Option<Digest>,
    /// Size of that version's component, or of all the handler's components, bytes.
    pub bytes: u64,
    /// Who caused it; `None`: the server itself.
    pub actor: Option<Actor>,
    /// What was done.
    pub change: Change,
}

/// What was done to a handler.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// A version was uploaded.
    Uploaded {
        /// False: the same component was present as a version with the same limits.
        created: bool,
        /// Whether it is the active version.
        active: bool,
    },
    /// Another version became active, or the canary changed.
    Promoted {
        /// The version that was active before; `None` when only the canary changed.
        replaced: Option<u64>,
        /// The canary from this change on.
        canary: Option<Canary>,
    },
    /// A version on probation failed: it is neither active nor the canary any more.
    RolledBack {
        /// Why.
        reason: String,
    },
    /// A version, or the handler, was deleted.
    Deleted,
}

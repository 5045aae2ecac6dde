//! Why the catalog refuses or fails.

use framebox_sandbox::LoadError;

use super::quota::QuotaError;
use super::{compile, limits, store};

/// Why the catalog refuses or fails. The texts say what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A limit that an upload requests is not within its bounds.
    #[error(transparent)]
    Limits(#[from] limits::Error),
    /// A handler cannot have this name.
    #[error("the handler name {0:?} is wrong: use 1 to 64 of a–z, 0–9, - and _")]
    Name(String),
    /// A session's selector has a wrong form.
    #[error("{0:?} names no version: give NAME, NAME@3, or NAME@sha256: and at least 12 hexadecimal digits")]
    Selector(String),
    /// There is no such handler.
    #[error("there is no handler {0:?}; GET /handlers lists them")]
    NoHandler(String),
    /// The handler has no such version.
    #[error("{name} has no version {version}; GET /handlers/{name}/versions lists them")]
    NoVersion {
        /// The handler.
        name: String,
        /// The version, as it was asked for.
        version: String,
    },
    /// None of the handler's versions is active.
    #[error("no version of {0} is active: choose one with POST /handlers/{0}/active")]
    NoneActive(String),
    /// The handler is built in, or set in the configuration.
    #[error("{0} is built in, or set in the configuration, and cannot be changed: upload under another name")]
    Fixed(String),
    /// Sessions use it.
    #[error("{sessions} sessions use it: wait until they have ended, or delete it with ?drain=true")]
    InUse {
        /// How many.
        sessions: usize,
    },
    /// New sessions get the version.
    #[error("version {version} of {name} is {role}: choose another one first, or delete the whole handler")]
    Selected {
        /// The handler.
        name: String,
        /// The version.
        version: u64,
        /// `the active one` or `the canary`.
        role: &'static str,
    },
    /// The canary is wrong.
    #[error("{0}")]
    Canary(&'static str),
    /// The handler has the most versions allowed.
    #[error("{name} has {most} versions, which is the most allowed: delete some")]
    Versions {
        /// The handler.
        name: String,
        /// The bound.
        most: usize,
    },
    /// It exceeds the quota of whoever uploads it.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// The component is refused.
    #[error(transparent)]
    Refused(#[from] LoadError),
    /// The component cannot be compiled.
    #[error(transparent)]
    Compile(#[from] compile::Error),
    /// The version's file is missing or damaged.
    #[error("the stored component of {name}@{version} is damaged or missing: upload the same file again to repair it")]
    Damaged {
        /// The handler.
        name: String,
        /// The version.
        version: u64,
    },
    /// The data directory cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Ending,
}

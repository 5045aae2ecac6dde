//! Why the catalog does not do what it is asked.

use framebox_sandbox::LoadError;

use super::{compile, store};

/// Why the catalog does not do what it is asked. The texts say what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What an upload asks for is not within the bounds.
    #[error("{0}")]
    Limits(String),
    /// No handler may have that name.
    #[error("the handler name {0:?} is wrong: use 1 to 64 of a–z, 0–9, - and _")]
    Name(String),
    /// What a session asks for cannot be understood.
    #[error("{0:?} names no version: give NAME, NAME@3, or NAME@sha256: and at least 12 hexadecimal digits")]
    Wanted(String),
    /// There is no such handler.
    #[error("there is no handler {0:?}; GET /handlers lists them")]
    NoHandler(String),
    /// The handler has no such version.
    #[error("{name} has no version {version}; GET /handlers/{name}/versions lists them")]
    NoVersion {
        /// The handler.
        name: String,
        /// What was asked for.
        version: String,
    },
    /// None of the handler's versions is active.
    #[error("no version of {0} is active: choose one with POST /handlers/{0}/active")]
    NoneActive(String),
    /// It comes with the program or from the configuration.
    #[error(
        "{0} is built in, or set in the configuration: uploads need another name, and what is there cannot be changed"
    )]
    Fixed(String),
    /// Sessions use it.
    #[error("{sessions} sessions use it: wait until they have ended, or ask with ?drain=true")]
    InUse {
        /// How many.
        sessions: usize,
    },
    /// The version is the one that sessions get.
    #[error("version {version} of {name} is {role}: choose another one first, or delete the whole handler")]
    Chosen {
        /// The handler.
        name: String,
        /// The version.
        version: u64,
        /// `active`, or the canary.
        role: &'static str,
    },
    /// A canary that cannot be.
    #[error("{0}")]
    Canary(&'static str),
    /// There are as many versions as may be.
    #[error("{name} has {most} versions, which is as many as may be: delete some")]
    Versions {
        /// The handler.
        name: String,
        /// The bound.
        most: usize,
    },
    /// The component is refused.
    #[error(transparent)]
    Refused(#[from] LoadError),
    /// It cannot be compiled.
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
    /// It cannot be kept.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The server ends.
    #[error("the server is ending")]
    Ending,
}

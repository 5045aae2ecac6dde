//! Another version takes over a running session, between two of its frames.

use std::sync::mpsc::SyncSender;

use framebox_sandbox::{CallError, Component, Instance, Kind, Limits};
use serde::{Deserialize, Serialize};

use crate::budget::Budgets;
use crate::session::parameters::Parameters;

/// A version that is to take over.
pub struct Swap {
    /// The handler.
    pub component: Component,
    /// What it may use.
    pub limits: Limits,
    /// What the session may use beyond a single call.
    pub budgets: Budgets,
}

/// Why a version did not take over. The session goes on with the one that it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum SwapError {
    /// It is another kind of handler.
    #[error("a session of a {} cannot go on with a {}", word(*session), word(*successor))]
    Kind {
        /// What the session is for.
        session: Kind,
        /// What the version does.
        successor: Kind,
    },
    /// It could not be started.
    #[error("it could not be started: {0}")]
    Start(CallError),
    /// The session is over.
    #[error("the session is over")]
    Ended,
}

/// A version that is ready for its first frame.
pub(crate) struct PreparedSwap {
    pub(crate) swap: Swap,
    pub(crate) instance: Instance,
    /// What the instance was started with.
    pub(crate) parameters: Parameters,
    /// Receives the number of its first frame, and the instance that it replaced.
    pub(crate) taken: SyncSender<(u64, Option<Instance>)>,
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Transform => "transform",
        Kind::Generator => "generator",
        Kind::Observer => "observer",
    }
}

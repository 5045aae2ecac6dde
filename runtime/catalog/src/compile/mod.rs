//! Compiling in a process of its own: the memory and time of a compilation are bounded, and a compiler that crashes takes
//! nothing else down.

pub mod child;
mod queue;
mod worker;

use std::time::Duration;

pub use queue::Job;
pub use worker::Worker;

/// What compiling one component may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory, MiB.
    pub memory_mib: u64,
    /// Wall time. CPU time of all threads together may be twice that.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mib: 512, time: Duration::from_secs(60) }
    }
}

/// Why a component is not compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The component is wrong; the text is for its author.
    #[error("{0}")]
    Refused(String),
    /// It takes too much memory.
    #[error("the component takes more than {mib} MiB to compile, which is the most allowed")]
    Memory {
        /// The most allowed, MiB.
        mib: u64,
    },
    /// It takes too long.
    #[error("the component takes more than {seconds} s to compile, which is the most allowed")]
    Time {
        /// The most allowed, s.
        seconds: u64,
    },
    /// As many components of its principal wait for the compiler as may.
    #[error("{most} of your components wait for the compiler, which is the most allowed: wait until one is done")]
    BusyForYou {
        /// The most allowed.
        most: usize,
    },
    /// As many components wait for the compiler as may.
    #[error("{most} components wait for the compiler, which is the most allowed: try again in a minute")]
    Busy {
        /// The most allowed.
        most: usize,
    },
    /// The compiler cannot be run, or failed for a reason of its own.
    #[error("the compiler failed: {0}")]
    Failed(String),
}

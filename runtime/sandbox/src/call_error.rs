//! The errors of calls into a guest.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a call returned no result. Handler authors and viewers see the messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The guest did something that WebAssembly or the host forbids.
    #[error("the handler was stopped: {0}")]
    Trap(String),
    /// The call was interrupted at its deadline.
    #[error("the handler took longer than the {} ms that it may take: make it do less for each frame, or raise its time limit", limit.as_millis())]
    Time {
        /// Time limit of the call.
        limit: Duration,
    },
    /// The call used up its fuel.
    #[error(
        "the handler used more than the {limit} units of fuel that it may use: make it do less for each frame, or raise its fuel limit"
    )]
    Fuel {
        /// Fuel limit of the call.
        limit: u64,
    },
    /// The guest trapped after the host refused it more memory.
    #[error("the handler needed more than the {} MiB of memory that it may have: make it use less, or raise its memory limit", limit / (1024 * 1024))]
    Memory {
        /// Memory limit of the instance, bytes.
        limit: usize,
    },
    /// The guest returned normally, but the picture that it put was invalid.
    #[error("the handler put an invalid picture: {0}")]
    BadOutput(String),
    /// The host had no memory left: for the picture that the guest put, or for the guest itself.
    #[error("{message}")]
    HostMemory {
        /// What did not fit.
        message: String,
        /// Whether the guest trapped for it.
        trapped: bool,
    },
    /// The host did not make the call.
    #[error("{0}")]
    Refused(String),
    /// The guest reported that this call failed.
    #[error("{0}")]
    Failed(String),
    /// The guest reported that the stream is over.
    #[error("{0}")]
    Finished(String),
}

impl CallError {
    /// Every [code](Self::code).
    pub const CODES: [&str; 9] =
        ["host-memory", "trap", "time", "fuel", "memory", "bad-output", "refused", "failed", "finished"];

    /// Returns the error's name in statistics and on the wire.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Trap(_) => "trap",
            Self::Time { .. } => "time",
            Self::Fuel { .. } => "fuel",
            Self::Memory { .. } => "memory",
            Self::BadOutput(_) => "bad-output",
            Self::HostMemory { .. } => "host-memory",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Finished(_) => "finished",
        }
    }

    /// Returns whether a limit of the host is the reason, whatever the handler did.
    pub fn is_of_host(&self) -> bool {
        matches!(self, Self::HostMemory { .. } | Self::Refused(_))
    }

    /// Returns whether the instance cannot be called again after this error and has to be replaced.
    pub fn kills_instance(&self) -> bool {
        let trapped = matches!(self, Self::HostMemory { trapped: true, .. });
        trapped || matches!(self, Self::Trap(_) | Self::Time { .. } | Self::Fuel { .. } | Self::Memory { .. })
    }
}

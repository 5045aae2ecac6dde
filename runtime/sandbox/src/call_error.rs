//! The ways in which a call ends without a result.

use std::time::Duration;

/// Longest text that a guest or the engine may give as a reason, bytes.
const MOST_WORDS: usize = 2000;

/// Why a call gave no result. The texts reach the author of the handler and the person watching.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The guest did what WebAssembly or the host forbids.
    #[error("the handler was stopped: {0}")]
    Trap(String),
    /// The call was cut off at its deadline.
    #[error("the handler took longer than the {} ms that it may take", limit.as_millis())]
    Time {
        /// What it may take.
        limit: Duration,
    },
    /// The call used all its fuel.
    #[error("the handler used more than the {limit} units of fuel that it may use")]
    Fuel {
        /// What it may use.
        limit: u64,
    },
    /// The guest wanted more memory than it may have and did not survive the refusal.
    #[error("the handler wanted more than the {} MiB of memory that it may have", limit / (1024 * 1024))]
    Memory {
        /// What it may have, bytes.
        limit: usize,
    },
    /// The guest ended well but the picture that it put was wrong.
    #[error("the handler put a wrong picture: {0}")]
    BadOutput(String),
    /// The call was not made.
    #[error("{0}")]
    Refused(String),
    /// The guest says that this call failed.
    #[error("{0}")]
    Failed(String),
    /// The guest says that the stream is over.
    #[error("{0}")]
    Finished(String),
}

impl CallError {
    /// A name for programs and statistics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Trap(_) => "trap",
            Self::Time { .. } => "time",
            Self::Fuel { .. } => "fuel",
            Self::Memory { .. } => "memory",
            Self::BadOutput(_) => "bad-output",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
            Self::Finished(_) => "finished",
        }
    }

    /// True when the instance is dead after it and only a fresh one can go on.
    pub fn kills_instance(&self) -> bool {
        matches!(self, Self::Trap(_) | Self::Time { .. } | Self::Fuel { .. } | Self::Memory { .. })
    }
}

/// A text that a guest has a hand in, cut where it is too long.
pub(crate) fn brief(text: &str) -> String {
    match text.char_indices().find(|(index, c)| index + c.len_utf8() > MOST_WORDS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

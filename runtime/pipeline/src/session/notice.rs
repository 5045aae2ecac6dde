//! Notices for the person who uses a session.

use serde::{Deserialize, Serialize};

use crate::session::word::{self, Word};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    /// The session goes on.
    Warning,
    /// What was asked for did not happen, or the session is over.
    Error,
}

/// Something that the person watching should know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// How bad it is.
    pub severity: Severity,
    /// A word for programs: the code of a failure, or `parameter`.
    #[serde(deserialize_with = "word::read")]
    pub code: Word,
    /// What happened and what can be done, for people.
    pub message: String,
    /// The request that it answers, if any.
    pub request: Option<u64>,
}

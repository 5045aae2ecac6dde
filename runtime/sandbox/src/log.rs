//! The receiver of a handler's log.

use serde::{Deserialize, Serialize};

/// The severity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// For debugging.
    Debug,
    /// Normal events; also standard output.
    Info,
    /// Problems; also standard error.
    Warn,
    /// Failures.
    Error,
}

/// Receives the lines of one handler, limited in rate and length and without control characters.
pub trait Log: Send + Sync {
    /// Receives a line. Called on the thread of the call, which waits for it.
    fn line(&self, level: Level, message: &str);
}

/// Discards all lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLog;

impl Log for NoLog {
    fn line(&self, _level: Level, _message: &str) {}
}

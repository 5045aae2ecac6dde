//! Where a handler's words go.

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Of interest to the author while something is sought.
    Debug,
    /// What happens; also what is written to standard output.
    Info,
    /// What should not be; also what is written to standard error.
    Warn,
    /// What went wrong.
    Error,
}

/// Takes the lines of one handler, already limited in rate and length and free of control characters.
pub trait Log: Send + Sync {
    /// One line. Called on the thread of the call, which waits meanwhile.
    fn line(&self, level: Level, message: &str);
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLog;

impl Log for NoLog {
    fn line(&self, _level: Level, _message: &str) {}
}

//! Errors of the commands, and their exit codes.

use std::io;
use std::path::Path;

use framebox_sandbox::{CallError, LoadError};

/// The exit codes, for `--help`.
pub const HELP: &str = "\
Exit codes:
  0  success
  1  a file cannot be read or written, or this machine cannot run the command
  2  invalid arguments
  3  the component is refused, or the handler failed";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The arguments are invalid.
    #[error("{0}")]
    Usage(String),
    /// A file or another resource of this machine does not work.
    #[error("{0}")]
    Machine(String),
    /// A server would refuse the component; the text is the server's.
    #[error("{0}")]
    Refused(String),
    /// The handler did not start.
    #[error("the handler could not be started: {0}")]
    Start(CallError),
    /// The handler started but failed, or gave warnings that count as failures.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// Returns the exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Machine(_) => 1,
            Self::Usage(_) => 2,
            Self::Refused(_) | Self::Start(_) | Self::Failed(_) => 3,
        }
    }

    /// Creates the error for a file that cannot be read.
    pub(crate) fn read(file: &Path, error: &io::Error) -> Self {
        let text = format!("cannot read {}: {error}", file.display());
        if error.kind() == io::ErrorKind::NotFound { Self::Usage(text) } else { Self::Machine(text) }
    }

    /// Creates the error for a file that cannot be written.
    pub(crate) fn write(file: &Path, error: impl std::fmt::Display) -> Self {
        Self::Machine(format!("cannot write {}: {error}", file.display()))
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Refused(error.to_string())
    }
}

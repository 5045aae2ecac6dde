//! Why a command ends without what was asked for, and with which code.

use std::io;
use std::path::Path;

use framebox_sandbox::{CallError, LoadError};

/// What `--help` says of the codes of these commands.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  failed on this side: a file cannot be read or written
  2  wrong usage
  3  the handler is refused, or it failed";

/// Why a command ends without what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It was asked for in a wrong way.
    #[error("{0}")]
    Usage(String),
    /// A file, or something else of this machine, does not work.
    #[error("{0}")]
    Machine(String),
    /// A server would refuse the component; the words are its own.
    #[error("{0}")]
    Refused(String),
    /// The handler does not start.
    #[error("the handler could not be started: {0}")]
    Start(CallError),
    /// The handler does not do what it is there for.
    #[error("{0}")]
    Failed(String),
}

impl Error {
    /// The code that says so to scripts.
    pub fn code(&self) -> u8 {
        match self {
            Self::Machine(_) => 1,
            Self::Usage(_) => 2,
            Self::Refused(_) | Self::Start(_) | Self::Failed(_) => 3,
        }
    }

    /// A file that cannot be read.
    pub(crate) fn read(file: &Path, error: &io::Error) -> Self {
        let text = format!("cannot read {}: {error}", file.display());
        if error.kind() == io::ErrorKind::NotFound { Self::Usage(text) } else { Self::Machine(text) }
    }

    /// A file that cannot be written.
    pub(crate) fn write(file: &Path, error: impl std::fmt::Display) -> Self {
        Self::Machine(format!("cannot write {}: {error}", file.display()))
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Self::Refused(error.to_string())
    }
}

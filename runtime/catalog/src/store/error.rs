//! Why the data directory cannot be read or written.

use std::io;

/// Why the data directory cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk, or the user's share of it, is full.
    #[error("the data directory has no room left for it")]
    Full,
    /// A file is absent.
    #[error("{0} is missing from the data directory")]
    Missing(String),
    /// A file does not have its digest.
    #[error("{0} was damaged and is set aside")]
    Damaged(String),
    /// The operating system refuses.
    #[error("the data directory: {0}")]
    Io(io::Error),
    /// The database is damaged, or of another program.
    #[error("the catalog's database: {0}")]
    Database(String),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full,
            _ => Self::Io(error),
        }
    }
}

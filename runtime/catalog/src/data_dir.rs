//! The data directory, locked for one server. A server without one gets a temporary directory.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::private;

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another server uses it.
    #[error("the data directory {0} is in use by another server")]
    InUse(String),
    /// Anyone may write to it, and it holds code that the server runs.
    #[error("the data directory {0} is writable by anyone: run `chmod o-w` on it")]
    Writable(String),
    /// The operating system refuses.
    #[error("the data directory {0} cannot be used: {1}")]
    Io(String, io::Error),
}

const LOCK: &str = "lock";
/// Prefix of the names of temporary directories.
const PREFIX: &str = "framebox-catalog-";
/// Age at which a temporary directory without a lock file counts as abandoned.
const ABANDONED: Duration = Duration::from_secs(60);

/// A directory that this process has locked.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
    temporary: Option<TempDir>,
}

impl DataDir {
    /// Locks the directory `data`, made when absent; without one, a temporary directory.
    ///
    /// # Errors
    /// When the directory cannot be made, or this process cannot have it alone.
    pub fn open(data: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = data else { return Self::temporary() };
        let failed = |error| Error::Io(path.display().to_string(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        if fs::metadata(path).map_err(failed)?.mode() & 0o002 != 0 {
            return Err(Error::Writable(path.display().to_string()));
        }
        private::repair(path).map_err(failed)?;
        let lock = lock(path, true).map_err(failed)?.ok_or_else(|| Error::InUse(path.display().to_string()))?;
        Ok(Self { path: path.to_owned(), _lock: lock, temporary: None })
    }

    fn temporary() -> Result<Self, Error> {
        let folder = std::env::temp_dir();
        let failed = |error| Error::Io(folder.display().to_string(), error);
        remove_abandoned(&folder);
        let temporary = tempfile::Builder::new().prefix(PREFIX).tempdir().map_err(failed)?;
        let path = temporary.path().to_owned();
        let lock = lock(&path, true).map_err(failed)?.ok_or_else(|| Error::InUse(path.display().to_string()))?;
        Ok(Self { path, _lock: lock, temporary: Some(temporary) })
    }

    /// The directory if it outlives the program.
    pub fn persistent(&self) -> Option<&Path> {
        self.is_persistent().then_some(&self.path)
    }

    /// Makes an empty folder for temporary files. What a killed server leaves in it, the next one removes.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(&self) -> Result<PathBuf, Error> {
        let folder = self.path.join("scratch");
        let failed = |error| Error::Io(folder.display().to_string(), error);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        Ok(folder)
    }

    /// Path of the directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reports whether the directory outlives the program.
    pub fn is_persistent(&self) -> bool {
        self.temporary.is_none()
    }
}

/// Locks a directory; `None` when another process has locked it.
fn lock(folder: &Path, create: bool) -> io::Result<Option<File>> {
    let file = File::options().create(create).truncate(false).write(true).mode(0o600).open(folder.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the temporary directories of servers that were killed.
fn remove_abandoned(folder: &Path) {
    let own = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        let is_ours = metadata.is_dir() && metadata.uid() == own;
        if !is_ours || !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let abandoned = match lock(&path, false) {
            Ok(lock) => lock.is_some(),
            Err(_) => metadata.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age > ABANDONED),
        };
        if abandoned && let Err(error) = fs::remove_dir_all(&path) {
            tracing::debug!(path = %path.display(), %error, "cannot remove the temporary directory of a killed server");
        }
    }
}

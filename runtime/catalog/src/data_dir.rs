//! The data directory itself: one server at a time, and for a server without one a directory that goes with it.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// Why there is no data directory to work in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another server uses it.
    #[error("the data directory {0} is in use by another server")]
    InUse(String),
    /// Others may write to it, and it holds code that is run.
    #[error("the data directory {0} may be written by anyone: take that away with `chmod o-w`")]
    Open(String),
    /// The system refuses.
    #[error("the data directory {0} cannot be used: {1}")]
    Io(String, io::Error),
}

const LOCK: &str = "lock";
/// How temporary directories are named.
const PREFIX: &str = "framebox-catalog-";
/// Age at which a temporary directory without a lock file is taken for one of a server that fell.
const ABANDONED: Duration = Duration::from_secs(60);

/// A directory that this process holds.
pub struct Home {
    path: PathBuf,
    _lock: File,
    temporary: Option<TempDir>,
}

impl Home {
    /// Takes hold of `data`, or of a temporary directory.
    ///
    /// # Errors
    /// When it cannot be had for this process alone.
    pub fn open(data: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = data else { return Self::temporary() };
        let failed = |error| Error::Io(path.display().to_string(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        if fs::metadata(path).map_err(failed)?.mode() & 0o002 != 0 {
            return Err(Error::Open(path.display().to_string()));
        }
        let lock = lock(path, true).map_err(failed)?.ok_or_else(|| Error::InUse(path.display().to_string()))?;
        Ok(Self { path: path.to_owned(), _lock: lock, temporary: None })
    }

    fn temporary() -> Result<Self, Error> {
        let folder = std::env::temp_dir();
        let failed = |error| Error::Io(folder.display().to_string(), error);
        clear_away(&folder);
        let temporary = tempfile::Builder::new().prefix(PREFIX).tempdir().map_err(failed)?;
        let path = temporary.path().to_owned();
        let lock = lock(&path, true).map_err(failed)?.ok_or_else(|| Error::InUse(path.display().to_string()))?;
        Ok(Self { path, _lock: lock, temporary: Some(temporary) })
    }

    /// Where what outlives the program is kept. None: nothing does.
    pub fn kept(&self) -> Option<&Path> {
        self.is_kept().then_some(&self.path)
    }

    /// An empty folder for temporary files, which a killed server leaves to the next one to remove.
    ///
    /// # Errors
    /// When it cannot be had.
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

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True when it outlives the program.
    pub fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }
}

/// None: another process has it.
fn lock(folder: &Path, create: bool) -> io::Result<Option<File>> {
    let file = File::options().create(create).truncate(false).write(true).open(folder.join(LOCK))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes the temporary directories of servers that were killed.
fn clear_away(folder: &Path) {
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
            tracing::debug!(path = %path.display(), %error, "what a killed server left cannot be removed");
        }
    }
}

//! Files named by their digest.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use framebox_sandbox::Digest;

use super::Error;
use crate::failpoint;

/// Damaged files that are kept for people to look at.
const MOST_DAMAGED: usize = 32;

/// Components and compiled code in the data directory.
pub struct Files {
    components: PathBuf,
    code: PathBuf,
    damaged: PathBuf,
    edition: String,
    /// Whether files reach the disk before anything refers to them.
    synced: bool,
    /// Number of the next temporary file.
    temporary: AtomicU64,
}

impl Files {
    /// Opens the files below `root`, made when absent, and removes compiled code of other editions.
    pub fn open(root: &Path, edition: &str, synced: bool) -> io::Result<Self> {
        let (components, editions, damaged) = (root.join("components"), root.join("code"), root.join("damaged"));
        let code = editions.join(edition);
        for folder in [&components, &editions, &code, &damaged] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let files =
            Self { components, code, damaged, edition: edition.to_owned(), synced, temporary: AtomicU64::new(0) };
        for entry in fs::read_dir(&editions)? {
            let entry = entry?;
            if entry.file_name() != edition {
                tracing::info!(edition = ?entry.file_name(), "removing compiled code of another edition");
                fs::remove_dir_all(entry.path())?;
            }
        }
        if synced {
            for folder in [root, &editions] {
                File::open(folder)?.sync_all()?;
            }
        }
        Ok(files)
    }

    /// The edition whose compiled code is kept.
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// Path of a component.
    pub fn component(&self, digest: &Digest) -> PathBuf {
        self.components.join(format!("{}.wasm", digest.hex()))
    }

    /// Path of a component's compiled code.
    pub fn code(&self, digest: &Digest) -> PathBuf {
        self.code.join(digest.hex())
    }

    /// Returns the size of a component's compiled code, bytes; 0 when there is none.
    pub fn code_bytes(&self, digest: &Digest) -> u64 {
        fs::metadata(self.code(digest)).map_or(0, |file| file.len())
    }

    /// Removes temporary files, and files of components that are not `known`: what a crash left behind.
    pub fn sweep(&self, known: impl Fn(&Digest) -> bool) -> io::Result<()> {
        for folder in [&self.components, &self.code] {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let name = entry.file_name();
                let hex = name.to_str().map(|name| name.strip_suffix(".wasm").unwrap_or(name));
                if !hex.and_then(|hex| hex.parse().ok()).is_some_and(|digest| known(&digest)) {
                    tracing::info!(file = %entry.path().display(), "removing a file of an unfinished upload");
                    fs::remove_file(entry.path())?;
                }
            }
        }
        Ok(())
    }

    /// Writes a file atomically. `failpoint`: prefix of the failpoints on the way.
    pub fn put(&self, path: &Path, bytes: &[u8], failpoint: &str) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let temporary = folder.join(format!(".{}.tmp", self.temporary.fetch_add(1, Ordering::Relaxed)));
        let written = self.write(&temporary, bytes, failpoint).and_then(|()| fs::rename(&temporary, path));
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        failpoint::hit(&format!("{failpoint}-renamed"));
        if self.synced {
            File::open(folder)?.sync_all()?;
        }
        failpoint::hit(&format!("{failpoint}-kept"));
        Ok(())
    }

    fn write(&self, path: &Path, bytes: &[u8], failpoint: &str) -> io::Result<()> {
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let (begin, end) = bytes.split_at(bytes.len() / 2);
        file.write_all(begin)?;
        failpoint::hit(&format!("{failpoint}-half-written"));
        file.write_all(end)?;
        if self.synced {
            file.sync_all()?;
        }
        failpoint::hit(&format!("{failpoint}-written"));
        Ok(())
    }

    /// Reads a file and compares it with its digest. A file that differs is set aside.
    pub fn read(&self, path: &Path, digest: &Digest) -> Result<Vec<u8>, Error> {
        let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::Missing(name())),
            Err(error) => return Err(error.into()),
        };
        if Digest::of(&bytes) == *digest {
            return Ok(bytes);
        }
        tracing::error!(file = %path.display(), "a file of the catalog is damaged; setting it aside");
        self.set_aside(path);
        Err(Error::Damaged(name()))
    }

    /// Moves a damaged file away. A failure is logged only: every read compares the digest again.
    fn set_aside(&self, path: &Path) {
        let full = fs::read_dir(&self.damaged).is_ok_and(|files| files.count() >= MOST_DAMAGED);
        let moved = match path.file_name() {
            Some(name) if !full => fs::rename(path, self.damaged.join(name)),
            _ => fs::remove_file(path),
        };
        if let Err(error) = moved {
            tracing::error!(file = %path.display(), %error, "cannot set a damaged file aside");
        }
    }

    /// Removes a file. A failure is logged only: the next start removes it.
    pub fn remove(&self, path: &Path) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(file = %path.display(), %error, "cannot remove a file that is no longer needed");
            }
            _ => {}
        }
    }
}

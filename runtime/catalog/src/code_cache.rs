//! Compiled code of built-in handlers, kept between runs in the user's cache directory.
//!
//! It saves the first seconds of a server without a data directory. The directory may be removed at any time.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use framebox_sandbox::Digest;

/// Hexadecimal digits of the code's digest at the head of each file.
const HEAD: usize = 64;
/// Code of an engine or a processor that was not used for this long is removed.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Compiled code by the digest of its component.
pub struct CodeCache {
    folder: PathBuf,
}

impl CodeCache {
    /// Opens the current user's cache; `None` when there is no directory that only this user can write to.
    #[expect(clippy::disallowed_methods, reason = "the cache directory of a user is defined by the environment")]
    pub fn open(edition: &str) -> Option<Self> {
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        let root = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)?;
        // The XDG specification requires that relative paths are ignored.
        let root = Some(root).filter(|root| root.is_absolute())?.join("framebox/code");
        let folder = root.join(edition);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
        // Code from this directory runs as this user, so nobody else may write to it.
        let own = rustix::process::geteuid().as_raw();
        let is_own = |path: &Path| fs::metadata(path).is_ok_and(|at| at.uid() == own && at.mode() & 0o022 == 0);
        if ![root.parent()?, &root, &folder].into_iter().all(is_own) {
            tracing::debug!(folder = %root.display(), "the cache of compiled code is writable by others and is not used");
            return None;
        }
        remove_old(&root, edition);
        Some(Self { folder })
    }

    /// Returns the code of a component if its file is intact.
    pub fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path(digest)).ok()?;
        let code = (bytes.len() > HEAD).then(|| bytes.split_off(HEAD))?;
        (Digest::of(&code).hex().as_bytes() == bytes).then_some(code)
    }

    /// Stores the code of a component. A failure is logged only: the cache is an optimisation.
    pub fn put(&self, digest: &Digest, code: &[u8]) {
        let path = self.path(digest);
        let temporary = self.folder.join(format!(".{}.{}", digest.hex(), std::process::id()));
        let write = || {
            let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
            file.write_all(Digest::of(code).hex().as_bytes())?;
            file.write_all(code)?;
            fs::rename(&temporary, &path)
        };
        if let Err(error) = write() {
            tracing::debug!(path = %path.display(), %error, "compiled code cannot be cached");
            let _ = fs::remove_file(&temporary);
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }
}

/// Marks `edition` as used and removes editions that were not used for [`MAX_AGE`].
fn remove_old(root: &Path, edition: &str) {
    let now = std::time::SystemTime::now();
    let _ = File::open(root.join(edition)).and_then(|folder| folder.set_modified(now));
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|at| at.modified()).ok().and_then(|at| now.duration_since(at).ok());
        if age.is_some_and(|age| age > MAX_AGE) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

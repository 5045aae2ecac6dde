//! What the handlers that come with the program were compiled to, kept between runs in the user's cache directory: it saves
//! the first seconds of a server without a data directory. It may be removed at any time.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use framebox_sandbox::Digest;

/// Hexadecimal digits of a digest at the head of each file.
const HEAD: usize = 64;
/// What was made for an engine or a processor that was not seen for so long is removed.
const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 3600);

/// Compiled code by the digests of components.
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The one of this user. None: there is no place for it that is this user's alone.
    #[expect(clippy::disallowed_methods, reason = "the cache directory of a user is defined by the environment")]
    pub fn open(edition: &str) -> Option<Self> {
        let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        let root = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)?;
        // The specification of XDG has it that relative ones are to be ignored.
        let root = Some(root).filter(|root| root.is_absolute())?.join("framebox/code");
        let folder = root.join(edition);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
        // Whoever writes here runs code as this user.
        let own = rustix::process::geteuid().as_raw();
        let is_own = |path: &Path| fs::metadata(path).is_ok_and(|at| at.uid() == own && at.mode() & 0o022 == 0);
        if ![root.parent()?, &root, &folder].into_iter().all(is_own) {
            tracing::debug!(folder = %root.display(), "the cache of compiled code may be written by others: it is not used");
            return None;
        }
        forget(&root, edition);
        Some(Self { folder })
    }

    /// What was kept, if it is whole.
    pub fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path(digest)).ok()?;
        let code = (bytes.len() > HEAD).then(|| bytes.split_off(HEAD))?;
        (Digest::of(&code).hex().as_bytes() == bytes).then_some(code)
    }

    /// Keeps it, as far as that is possible.
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
            tracing::debug!(path = %path.display(), %error, "compiled code cannot be kept");
            let _ = fs::remove_file(&temporary);
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(digest.hex())
    }
}

fn forget(root: &Path, edition: &str) {
    let now = std::time::SystemTime::now();
    let _ = File::open(root.join(edition)).and_then(|folder| folder.set_modified(now));
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|at| at.modified()).ok().and_then(|at| now.duration_since(at).ok());
        if age.is_some_and(|age| age > FORGOTTEN) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

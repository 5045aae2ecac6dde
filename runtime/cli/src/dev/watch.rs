//! Finds changed source files of a project.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ignore::WalkBuilder;
use sha2::{Digest, Sha256};

/// Names of folders with build output or dependencies, which are never watched.
const IGNORED_FOLDERS: [&str; 6] = ["target", "build", "dist", "node_modules", "__pycache__", "zig-out"];
/// Maximum number of watched files.
const MAX_FILES: usize = 20_000;
/// Size above which a file counts as changed if its time changed, without comparing its content, bytes.
const MAX_DIGESTED: u64 = 4 << 20;

/// Watches the source files of a project. Hidden files, build output, and files that `.gitignore` names are left out.
pub struct Watcher {
    folders: Vec<PathBuf>,
    component: PathBuf,
    files: BTreeMap<PathBuf, FileState>,
}

/// The state of a file at the last scan.
#[derive(Clone, PartialEq)]
struct FileState {
    modified: Option<SystemTime>,
    bytes: u64,
    /// Digest of the content, so that a build that rewrites a file with equal content does not start another build.
    digest: Option<[u8; 32]>,
}

impl Watcher {
    /// Creates a watcher of the files in `folders`, except the `component` that the build writes.
    pub fn new(folders: Vec<PathBuf>, component: PathBuf) -> Self {
        Self { folders, component, files: BTreeMap::new() }
    }

    /// Returns the files that were added, removed or changed since the last scan.
    ///
    /// # Errors
    /// A folder cannot be read, or contains too many files.
    pub fn scan(&mut self) -> io::Result<Vec<PathBuf>> {
        let mut files = BTreeMap::new();
        for folder in &self.folders {
            for entry in walk(folder).build() {
                let entry = match entry {
                    Ok(entry) => entry,
                    // A file was removed during the walk.
                    Err(error) if error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) => {
                        continue;
                    }
                    Err(error) => return Err(io::Error::other(error)),
                };
                let path = entry.path();
                if !entry.file_type().is_some_and(|kind| kind.is_file()) || path == self.component {
                    continue;
                }
                if let Some(state) = state(path, self.files.get(path)) {
                    files.insert(path.to_owned(), state);
                }
                if files.len() > MAX_FILES {
                    let message = format!(
                        "more than {MAX_FILES} files: list the folders with sources under `watch` in framebox.toml"
                    );
                    return Err(io::Error::other(message));
                }
            }
        }
        let is_same = |path: &PathBuf| match (self.files.get(path), files.get(path)) {
            (Some(before), Some(after)) if before.digest.is_some() => before.digest == after.digest,
            (before, after) => before == after,
        };
        let mut changed: Vec<_> =
            self.files.keys().chain(files.keys()).filter(|path| !is_same(path)).cloned().collect();
        changed.sort();
        changed.dedup();
        self.files = files;
        Ok(changed)
    }
}

/// Creates the walk over the source files in a folder.
fn walk(folder: &Path) -> WalkBuilder {
    let mut walk = WalkBuilder::new(folder);
    walk.require_git(false).git_global(false).follow_links(false);
    walk.filter_entry(|entry| {
        let is_folder = entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir());
        !(is_folder && entry.file_name().to_str().is_some_and(|name| IGNORED_FOLDERS.contains(&name)))
    });
    walk
}

/// Returns the state of a file; `None` if it was removed or cannot be read.
fn state(path: &Path, before: Option<&FileState>) -> Option<FileState> {
    let meta = path.metadata().ok()?;
    let (modified, bytes) = (meta.modified().ok(), meta.len());
    if let Some(before) = before
        && (before.modified, before.bytes) == (modified, bytes)
    {
        return Some(before.clone());
    }
    let digest = if bytes <= MAX_DIGESTED { Some(Sha256::digest(std::fs::read(path).ok()?).into()) } else { None };
    Some(FileState { modified, bytes, digest })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn changes_of_sources_are_found_and_build_output_is_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["src", "target", "node_modules/x", ".venv", "out"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at(".gitignore"), "out/\n*.log\n").unwrap();
        let mut watcher = Watcher::new(vec![folder.path().to_owned()], at("mine.wasm"));
        assert!(watcher.scan().unwrap().is_empty());
        for name in
            ["src/main.c", "target/a", "node_modules/x/b.js", ".venv/c.py", "out/d", "e.log", "mine.wasm", "build"]
        {
            fs::write(at(name), "1").unwrap();
        }
        assert_eq!(watcher.scan().unwrap(), [at("build"), at("src/main.c")]);
        assert!(watcher.scan().unwrap().is_empty());
        // Rewritten with equal content.
        fs::write(at("src/main.c"), "1").unwrap();
        assert!(watcher.scan().unwrap().is_empty());
        fs::write(at("src/main.c"), "22").unwrap();
        assert_eq!(watcher.scan().unwrap(), [at("src/main.c")]);
        fs::remove_file(at("src/main.c")).unwrap();
        assert_eq!(watcher.scan().unwrap(), [at("src/main.c")]);
    }
}

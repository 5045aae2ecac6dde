//! What is watched: the files of a project that a person writes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ignore::WalkBuilder;
use sha2::{Digest, Sha256};

/// Folders into which tools put what they make or fetch, whether or not the project says so.
const MADE: [&str; 6] = ["target", "build", "dist", "node_modules", "__pycache__", "zig-out"];
/// Most files that are watched.
const MOST: usize = 20_000;
/// Larger files count as changed by their time alone, bytes.
const READ: u64 = 4 << 20;

/// The sources of a project. Hidden files, what `.gitignore` names and what a build makes are none.
pub struct Sources {
    folders: Vec<PathBuf>,
    component: PathBuf,
    seen: BTreeMap<PathBuf, Seen>,
}

/// A file as it was last seen.
#[derive(Clone, PartialEq)]
struct Seen {
    changed: Option<SystemTime>,
    bytes: u64,
    /// Of its content, so that a build that writes a file anew as it was does not cause the next one.
    digest: Option<[u8; 32]>,
}

impl Sources {
    /// Those in `folders`, without the `component` that is built of them. Nothing is seen yet.
    pub fn new(folders: Vec<PathBuf>, component: PathBuf) -> Self {
        Self { folders, component, seen: BTreeMap::new() }
    }

    /// The files that came, went or have another content since the last look.
    ///
    /// # Errors
    /// When a folder cannot be read, or holds too much.
    pub fn look(&mut self) -> io::Result<Vec<PathBuf>> {
        let mut now = BTreeMap::new();
        for folder in &self.folders {
            for entry in walk(folder).build() {
                let entry = match entry {
                    Ok(entry) => entry,
                    // It went between two steps of the walk.
                    Err(error) if error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) => {
                        continue;
                    }
                    Err(error) => return Err(io::Error::other(error)),
                };
                let path = entry.path();
                if !entry.file_type().is_some_and(|kind| kind.is_file()) || path == self.component {
                    continue;
                }
                if let Some(seen) = see(path, self.seen.get(path)) {
                    now.insert(path.to_owned(), seen);
                }
                if now.len() > MOST {
                    let text =
                        format!("more than {MOST} files: name the folders with sources as `watch` in framebox.toml");
                    return Err(io::Error::other(text));
                }
            }
        }
        let same = |path: &PathBuf| match (self.seen.get(path), now.get(path)) {
            (Some(before), Some(after)) if before.digest.is_some() => before.digest == after.digest,
            (before, after) => before == after,
        };
        let mut changed: Vec<_> = self.seen.keys().chain(now.keys()).filter(|path| !same(path)).cloned().collect();
        changed.sort();
        changed.dedup();
        self.seen = now;
        Ok(changed)
    }
}

fn walk(folder: &Path) -> WalkBuilder {
    let mut walk = WalkBuilder::new(folder);
    walk.require_git(false).git_global(false).follow_links(false);
    walk.filter_entry(|entry| {
        let is_folder = entry.depth() > 0 && entry.file_type().is_some_and(|kind| kind.is_dir());
        !(is_folder && entry.file_name().to_str().is_some_and(|name| MADE.contains(&name)))
    });
    walk
}

/// None: it went meanwhile, or cannot be read.
fn see(path: &Path, before: Option<&Seen>) -> Option<Seen> {
    let meta = path.metadata().ok()?;
    let (changed, bytes) = (meta.modified().ok(), meta.len());
    if let Some(before) = before
        && (before.changed, before.bytes) == (changed, bytes)
    {
        return Some(before.clone());
    }
    let digest = if bytes <= READ { Some(Sha256::digest(std::fs::read(path).ok()?).into()) } else { None };
    Some(Seen { changed, bytes, digest })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_person_writes_is_seen_and_what_tools_make_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["src", "target", "node_modules/x", ".venv", "out"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        fs::write(at(".gitignore"), "out/\n*.log\n").unwrap();
        let mut sources = Sources::new(vec![folder.path().to_owned()], at("mine.wasm"));
        assert!(sources.look().unwrap().is_empty());
        for name in
            ["src/main.c", "target/a", "node_modules/x/b.js", ".venv/c.py", "out/d", "e.log", "mine.wasm", "build"]
        {
            fs::write(at(name), "1").unwrap();
        }
        assert_eq!(sources.look().unwrap(), [at("build"), at("src/main.c")]);
        assert!(sources.look().unwrap().is_empty());
        // Written again as it was.
        fs::write(at("src/main.c"), "1").unwrap();
        assert!(sources.look().unwrap().is_empty());
        fs::write(at("src/main.c"), "22").unwrap();
        assert_eq!(sources.look().unwrap(), [at("src/main.c")]);
        fs::remove_file(at("src/main.c")).unwrap();
        assert_eq!(sources.look().unwrap(), [at("src/main.c")]);
    }
}

//! Permissions of the data directory: it is for the server's user alone, since it holds components, tokens' hashes and the
//! audit log.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Beginnings of the names of what the server keeps in its data directory. Other files in it are not the server's.
const OWN: [&str; 8] = ["audit.", "catalog.redb", "code", "components", "damaged", "lock", "rights.", "scratch"];
/// Levels of folders below the directory.
const DEPTH: usize = 4;

/// Takes from everybody else the permissions on the data directory and on what the server keeps in it; warns if there were any.
///
/// # Errors
/// When permissions cannot be read or changed.
pub fn repair(root: &Path) -> io::Result<()> {
    let mut changed = usize::from(close(root, &fs::metadata(root)?)?);
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        if OWN.iter().any(|own| name.to_string_lossy().starts_with(own)) {
            changed += close_all(&entry.path(), DEPTH)?;
        }
    }
    if changed > 0 {
        let folder = root.display();
        tracing::warn!("other users could read {changed} files or folders of the data directory {folder}: no longer");
    }
    Ok(())
}

/// Closes a file, or a folder with all that is in it; returns how many were open.
fn close_all(path: &Path, depth: usize) -> io::Result<usize> {
    let meta = fs::symlink_metadata(path)?;
    let mut changed = usize::from(close(path, &meta)?);
    if meta.is_dir() && depth > 0 {
        for entry in fs::read_dir(path)? {
            changed += close_all(&entry?.path(), depth - 1)?;
        }
    }
    Ok(changed)
}

/// Takes the permissions of group and others, unless it is a link or belongs to somebody else; returns whether there were any.
fn close(path: &Path, meta: &Metadata) -> io::Result<bool> {
    let is_own = meta.uid() == rustix::process::geteuid().as_raw();
    if meta.is_symlink() || !is_own || meta.mode() & 0o077 == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, Permissions::from_mode(meta.mode() & 0o700))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_the_server_keeps_is_closed_and_nothing_else_is_touched() {
        let (root, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("code/edition")).unwrap();
        fs::create_dir(at("projects")).unwrap();
        let outside = elsewhere.path().join("file");
        for file in [&at("rights.toml"), &at("catalog.redb"), &at("code/edition/1"), &at("notes.txt"), &outside] {
            fs::write(file, "x").unwrap();
            fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
        }
        symlink(&outside, at("components")).unwrap();
        for folder in [root.path(), &at("code"), &at("code/edition"), &at("projects")] {
            fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        }
        repair(root.path()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        for (name, expected) in [
            ("", 0o700),
            ("code", 0o700),
            ("code/edition", 0o700),
            ("code/edition/1", 0o600),
            ("rights.toml", 0o600),
            ("catalog.redb", 0o600),
            ("notes.txt", 0o644),
            ("projects", 0o755),
        ] {
            assert_eq!(mode(&at(name)), expected, "{name:?}");
        }
        assert_eq!(mode(&outside), 0o644, "links are not followed");
    }
}

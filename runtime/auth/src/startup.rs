//! The start-up secret's file: from it, commands on the same machine read the secret of a running server.
//!
//! There is one file for each listening address, in a directory that only its user can read: `$XDG_RUNTIME_DIR/framebox`, or
//! `/tmp/framebox-UID`. A file or directory that belongs to somebody else, or that others can read, is not used.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

use super::token::Secret;

/// Longest file that is read, bytes.
const LONGEST: u64 = 256;

/// The file of a running server. Dropping it removes the file.
pub struct SecretFile {
    path: PathBuf,
    text: String,
}

impl SecretFile {
    /// Writes the secret of the server that listens on `address`. Blocks on the disk.
    ///
    /// # Errors
    /// When no directory is private, or the file cannot be written.
    pub fn write(address: SocketAddr, secret: &Secret) -> io::Result<Self> {
        let mut last = io::Error::other("there is no directory for it");
        for folder in folders() {
            match write(&folder, address, secret) {
                Ok(path) => return Ok(Self { path, text: secret.reveal().to_owned() }),
                Err(error) => last = io::Error::new(error.kind(), format!("{}: {error}", folder.display())),
            }
        }
        Err(last)
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        // Another server may have taken over the address, and with it the file.
        if read(&self.path).is_ok_and(|text| text == self.text) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Returns the secret of a server of this user that listens on `address`, or on all addresses when `address` is a
/// loopback address. Blocks on the disk.
pub fn find(address: SocketAddr) -> Option<String> {
    let port = address.port();
    let mut addresses = vec![address];
    if address.ip().to_canonical().is_loopback() {
        let all = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        addresses.extend(all.map(|all| SocketAddr::new(all, port)));
    }
    let folders = folders();
    let files = addresses.iter().flat_map(|address| folders.iter().map(move |folder| (folder, name(*address))));
    files.filter(|(folder, _)| is_private(folder)).find_map(|(folder, name)| read(&folder.join(name)).ok())
}

/// The directories for the file, the best first.
#[expect(clippy::disallowed_methods, reason = "the directory of a user's session is defined by the environment")]
fn folders() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let own = std::env::temp_dir().join(format!("framebox-{}", geteuid().as_raw()));
    runtime.map(|folder| folder.join("framebox")).into_iter().chain([own]).collect()
}

fn name(address: SocketAddr) -> String {
    format!("{address}.token")
}

/// Reports whether a directory is this user's, and nobody else's.
fn is_private(folder: &Path) -> bool {
    fs::symlink_metadata(folder)
        .is_ok_and(|meta| meta.is_dir() && meta.uid() == geteuid().as_raw() && meta.mode() & 0o077 == 0)
}

fn write(folder: &Path, address: SocketAddr, secret: &Secret) -> io::Result<PathBuf> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let meta = fs::symlink_metadata(folder)?;
    if meta.is_dir() && meta.uid() == geteuid().as_raw() && meta.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    }
    if !is_private(folder) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a directory of this user alone"));
    }
    let path = folder.join(name(address));
    // Written beside and renamed: a reader sees one secret or the other, and a laxer file does not keep its permissions.
    let beside = folder.join(format!(".{}.{}", name(address), std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(secret.reveal().as_bytes())?;
    fs::rename(&beside, &path)?;
    Ok(path)
}

fn read(path: &Path) -> io::Result<String> {
    let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file: File = OpenOptions::new().read(true).custom_flags(no_link).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() || meta.uid() != geteuid().as_raw() || meta.mode() & 0o077 != 0 || meta.len() > LONGEST {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a private file of this user"));
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn address() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 8080))
    }

    #[test]
    fn the_file_is_private_whatever_was_there() {
        let parent = TempDir::new().unwrap();
        let folder = parent.path().join("framebox");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let file = folder.join(name(address()));
        fs::write(&file, "old").unwrap();
        let secret = Secret::random().unwrap();
        let path = write(&folder, address(), &secret).unwrap();
        assert_eq!(path, file);
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(read(&file).unwrap(), secret.reveal());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_link_and_a_file_that_others_can_read_are_not_read() {
        let folder = TempDir::new().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "fbx_1").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&file).unwrap(), "fbx_1");
        symlink(&file, &link).unwrap();
        assert!(read(&link).is_err());
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            assert!(read(&file).is_err(), "{mode:o}");
        }
        let linked = folder.path().join("linked");
        symlink(folder.path(), &linked).unwrap();
        assert!(write(&linked, address(), &Secret::random().unwrap()).is_err(), "a link is no directory of ours");
    }

    #[test]
    fn a_server_removes_its_own_file_only() {
        let folder = TempDir::new().unwrap();
        let [one, other] = [(); 2].map(|()| Secret::random().unwrap());
        let file = |secret: &Secret| {
            let path = write(folder.path(), address(), secret).unwrap();
            SecretFile { path, text: secret.reveal().to_owned() }
        };
        let first = file(&one);
        let second = file(&other);
        drop(first);
        assert_eq!(read(second.path()).unwrap(), other.reveal());
        let path = second.path().to_owned();
        drop(second);
        assert!(!path.exists());
    }
}

//! Where the programs are.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Memory of a child, bytes: 4K of any codec with its reference pictures, scaled down.
const MEMORY: u64 = 1 << 30;
/// The program's name.
const NAME: &str = "ffmpeg";

/// An ffmpeg that is there. Clones are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ffmpeg {
    pub(crate) path: PathBuf,
    /// The `framebox` program, which confines itself and becomes ffmpeg.
    pub(crate) program: PathBuf,
    pub(crate) memory: u64,
}

impl Ffmpeg {
    /// Looks for ffmpeg: at `path`, or in the folders of `search`, the value of `PATH`.
    ///
    /// # Errors
    /// [`Failure::NotInstalled`].
    pub fn find(path: Option<&Path>, search: Option<&OsStr>) -> Result<Self, Failure> {
        let is_program =
            |path: &PathBuf| path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
        let found = match path {
            Some(path) => Some(path.to_owned()).filter(is_program),
            None => std::env::split_paths(search.unwrap_or_default()).map(|folder| folder.join(NAME)).find(is_program),
        };
        let path = found.and_then(|path| path.canonicalize().ok()).ok_or(Failure::NotInstalled)?;
        // The running program, even if its file was replaced.
        Ok(Self { path, program: PathBuf::from("/proc/self/exe"), memory: MEMORY })
    }

    /// Is started by this `framebox` program in place of the running one.
    #[must_use]
    pub fn started_by(self, program: PathBuf) -> Self {
        Self { program, ..self }
    }

    /// May use so much memory, bytes.
    #[must_use]
    pub fn with_memory(self, memory: u64) -> Self {
        Self { memory, ..self }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_is_found_where_it_is_named_or_on_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, full) = (folder.path().join("empty"), folder.path().join("full"));
        fs::create_dir(&empty).unwrap();
        fs::create_dir(&full).unwrap();
        let file = full.join(NAME);
        fs::write(&file, "").unwrap();
        let search = std::env::join_paths([&empty, &full]).unwrap();
        assert_eq!(Ffmpeg::find(None, Some(&search)), Err(Failure::NotInstalled), "it cannot be executed");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let path = file.canonicalize().unwrap();
        assert_eq!(Ffmpeg::find(None, Some(&search)).unwrap().path(), path);
        assert_eq!(Ffmpeg::find(Some(&file), None).unwrap().path(), path);
        assert_eq!(Ffmpeg::find(Some(&empty), Some(&search)), Err(Failure::NotInstalled), "it is named elsewhere");
        assert_eq!(Ffmpeg::find(None, None), Err(Failure::NotInstalled));
    }
}

//! Writes the files of a project into a new folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::file::File;
use crate::Error;

/// Creates `folder` with its files. Removes the folder if a file cannot be written.
///
/// # Errors
/// The folder already exists, or a file cannot be written.
pub fn write(folder: &Path, files: &[File]) -> Result<(), Error> {
    fs::create_dir(folder).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Error::Usage(format!("{} already exists and is not changed: choose another name", folder.display()))
        }
        _ => Error::write(folder, error),
    })?;
    fill(folder, files).inspect_err(|_| {
        // The first error matters more than one of cleaning up.
        let _ = fs::remove_dir_all(folder);
    })
}

fn fill(folder: &Path, files: &[File]) -> Result<(), Error> {
    for File { path, content } in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| Error::write(parent, error))?;
        fs::write(&path, content).map_err(|error| Error::write(&path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_folder_is_not_changed() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("mine");
        fs::create_dir(&folder).unwrap();
        let files = [File { path: "a/b".into(), content: b"c"[..].into() }];
        let error = write(&folder, &files).unwrap_err();
        assert!(error.code() == 2 && error.to_string().contains("already"), "{error}");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        write(&scratch.path().join("other"), &files).unwrap();
        assert_eq!(fs::read(scratch.path().join("other/a/b")).unwrap(), b"c");
    }

    #[test]
    fn a_failure_leaves_no_files() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("mine");
        let file = |path: &str| File { path: path.into(), content: b"c"[..].into() };
        assert_eq!(write(&folder, &[file("a"), file("a/b")]).unwrap_err().code(), 1);
        assert!(!folder.exists());
    }
}

//! Puts the files of a project into a folder that was not there.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::files::File;
use crate::Error;

/// Makes `folder` and its files; of a folder that fails halfway nothing stays.
///
/// # Errors
/// When there is something of that name, which is not touched; when a file cannot be written.
pub fn write(folder: &Path, files: &[File]) -> Result<(), Error> {
    fs::create_dir(folder).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Error::Usage(format!("{} is there already, and is not touched", folder.display())),
        _ => Error::write(folder, error),
    })?;
    fill(folder, files).inspect_err(|_| {
        // What is left cannot be told better than by the error that there was.
        let _ = fs::remove_dir_all(folder);
    })
}

fn fill(folder: &Path, files: &[File]) -> Result<(), Error> {
    for File { path, content } in files {
        let path = folder.join(path);
        let above = path.parent().unwrap_or(folder);
        fs::create_dir_all(above).map_err(|error| Error::write(above, error))?;
        fs::write(&path, content).map_err(|error| Error::write(&path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_there_is_not_touched() {
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
    fn what_fails_halfway_leaves_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("mine");
        let file = |path: &str| File { path: path.into(), content: b"c"[..].into() };
        assert_eq!(write(&folder, &[file("a"), file("a/b")]).unwrap_err().code(), 1);
        assert!(!folder.exists());
    }
}

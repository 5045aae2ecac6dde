//! A file of a project.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use include_dir::Dir;

/// A file of a project.
#[derive(Debug)]
pub struct File {
    /// Path within the project's folder.
    pub path: PathBuf,
    /// Content.
    pub content: Cow<'static, [u8]>,
}

/// Adds every file of a folder of the examples, with a path in `to`.
pub fn copy(from: &'static Dir<'_>, to: &Path, files: &mut Vec<File>) {
    // The paths of nested folders are relative to the outermost one.
    fn all(dir: &'static Dir<'_>, to: &Path, files: &mut Vec<File>) {
        for file in dir.files() {
            files.push(File { path: to.join(file.path()), content: Cow::Borrowed(file.contents()) });
        }
        dir.dirs().for_each(|dir| all(dir, to, files));
    }
    all(from, to, files);
}

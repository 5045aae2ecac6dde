//! A file in memory that has a path.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, memfd_create};

/// A regular file that is never on a disk; it lives as long as this does.
pub(crate) struct MemoryFile(File);

impl MemoryFile {
    /// A file with this content.
    pub(crate) fn new(content: &[u8]) -> Self {
        let file = memfd_create("input", MemfdFlags::CLOEXEC).expect("Linux has files in memory");
        let mut file = File::from(file);
        file.write_all(content).expect("there is memory for an input");
        Self(file)
    }

    /// The path by which this process can open it.
    pub(crate) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }
}

//! A regular file of bounded size, read at offsets.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::bounds::Bounds;
use super::error::Error;

/// An open file and its length when it was opened, bytes.
pub(super) struct File {
    file: std::fs::File,
    length: u64,
}

/// Opens a regular file.
///
/// # Errors
/// [`Error::NotAFile`] if it is none; otherwise what the system says.
pub fn open(path: &Path) -> Result<std::fs::File, Error> {
    // Checked before opening it: opening a pipe waits for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::NotAFile);
    }
    Ok(std::fs::File::open(path)?)
}

impl File {
    pub(super) fn open(path: &Path, bounds: &Bounds) -> Result<Self, Error> {
        Self::of(open(path)?, bounds)
    }

    pub(super) fn of(file: std::fs::File, bounds: &Bounds) -> Result<Self, Error> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Error::NotAFile);
        }
        let length = metadata.len();
        if length > bounds.file_bytes {
            return Err(Error::TooMuch { what: "its size in bytes", most: bounds.file_bytes });
        }
        Ok(Self { file, length })
    }

    /// Returns the length, bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Reads from `at` into `buffer` until the end of the file. Returns the number of bytes.
    pub(super) fn read_some(&self, at: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        let rest = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        let length = rest.min(buffer.len());
        match self.file.read_exact_at(&mut buffer[..length], at) {
            Ok(()) => Ok(length),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(Error::Broken("it was truncated while it was read".into()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Appends `length` bytes from `at` to `buffer`. Fails with `what` if the file ends earlier.
    pub(super) fn append(&self, at: u64, length: usize, buffer: &mut Vec<u8>, what: &'static str) -> Result<(), Error> {
        if at.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(Error::CutOff(what));
        }
        let from = buffer.len();
        buffer.resize(from + length, 0);
        self.read_some(at, &mut buffer[from..]).map(|_| ())
    }
}

//! The persistent part of the catalog: files by digest, and an embedded database that describes them.
//!
//! The database is `redb`: pure Rust, one file, and each change of several tables is one commit that a crash leaves either
//! undone or done. A file is written under a temporary name, synced and renamed before anything refers to it; files that
//! nothing refers to are removed at the next start. Each read compares a file with its digest: a damaged file is set aside
//! and never served.
//!
//! | path | content |
//! |---|---|
//! | `catalog.redb` | handlers, versions, metadata of components |
//! | `components/<digest>.wasm` | the components |
//! | `code/<edition>/<digest>` | compiled code, for this version of the engine and this processor |
//! | `damaged/` | files that did not have their digest |
//! | `lock` | locked by the one server that uses the directory |

mod error;
mod files;
mod records;
mod tables;

use std::collections::HashMap;
use std::time::SystemTime;

use framebox_sandbox::Digest;

use crate::data_dir::DataDir;
use crate::failpoint;
use files::Files;
use tables::Tables;

pub use error::Error;
pub use records::{Canary, Code, Component, Handler, Metadata, Version};
pub use tables::{Batch, Contents};

/// The data directory, locked by this process.
pub struct Store {
    files: Files,
    tables: Tables,
    // Last: files and database are closed before the directory is unlocked, and removed when it is temporary.
    data_dir: DataDir,
}

impl Store {
    /// Opens the catalog in a data directory. Compiled code of other editions is removed.
    ///
    /// # Errors
    /// When the directory cannot be used.
    pub fn open(data_dir: DataDir, edition: &str) -> Result<(Self, Contents), Error> {
        let files = Files::open(data_dir.path(), edition, data_dir.is_persistent())?;
        let tables = Tables::open(data_dir.path().join("catalog.redb"))?;
        let contents = tables.read()?;
        Ok((Self { files, tables, data_dir }, contents))
    }

    /// Reports whether the content outlives the program.
    pub fn is_persistent(&self) -> bool {
        self.data_dir.is_persistent()
    }

    /// Removes the files of components that are not `known`.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn sweep(&self, known: &HashMap<Digest, Component>) -> Result<(), Error> {
        Ok(self.files.sweep(|digest| known.contains_key(digest))?)
    }

    /// Writes a component. Nothing refers to it yet.
    ///
    /// # Errors
    /// When there is no room, or the operating system refuses.
    pub fn put_component(&self, digest: &Digest, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.files.put(&self.files.component(digest), bytes, "upload.component")?)
    }

    /// Writes compiled code. Nothing refers to it yet.
    ///
    /// # Errors
    /// When there is no room, or the operating system refuses.
    pub fn put_code(&self, digest: &Digest, code: &[u8]) -> Result<Code, Error> {
        self.files.put(&self.files.code(digest), code, "upload.code")?;
        Ok(Code { edition: self.files.edition().to_owned(), digest: Digest::of(code), bytes: code.len() as u64 })
    }

    /// Reads a component.
    ///
    /// # Errors
    /// When it is missing, or damaged and set aside.
    pub fn component(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        self.files.read(&self.files.component(digest), digest)
    }

    /// Reads the compiled code of a component; `None` when it is of another edition.
    ///
    /// # Errors
    /// When it is missing, or damaged and set aside.
    pub fn code(&self, digest: &Digest, code: &Code) -> Result<Option<Vec<u8>>, Error> {
        if code.edition != self.files.edition() {
            return Ok(None);
        }
        self.files.read(&self.files.code(digest), &code.digest).map(Some)
    }

    /// Returns the size of the compiled code of a component on the disk, bytes.
    pub fn code_bytes(&self, digest: &Digest) -> u64 {
        self.files.code_bytes(digest)
    }

    /// Removes the files of a component that nothing refers to. What cannot be removed goes at the next start.
    pub fn remove(&self, digest: &Digest) {
        self.files.remove(&self.files.component(digest));
        failpoint::hit("delete.component-removed");
        self.files.remove(&self.files.code(digest));
    }

    /// Reads the whole database.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> Result<Contents, Error> {
        self.tables.read()
    }

    /// Writes a batch to the database atomically. `failpoint`: prefix of the failpoints on the way.
    ///
    /// # Errors
    /// When it cannot be written; then nothing is.
    pub fn commit(&self, batch: &Batch, failpoint: &str) -> Result<(), Error> {
        self.tables.commit(batch, failpoint)
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

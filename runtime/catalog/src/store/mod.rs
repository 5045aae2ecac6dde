//! What of the catalog outlives the program: files by digest, and an embedded database that says what they are.
//!
//! The database is `redb`: pure Rust, one file, and each change of several tables is one commit that a crash leaves either
//! undone or done. A file is written under a temporary name, synced and renamed before anything refers to it; what nothing
//! refers to is removed at the next start. Files are known by their digest, and looked at again whenever they are read:
//! what is damaged is set aside and never served.
//!
//! | place | what is there |
//! |---|---|
//! | `catalog.redb` | handlers, versions, what components are |
//! | `components/<digest>.wasm` | the components |
//! | `code/<edition>/<digest>` | what our own compiler made of them, for this version of the engine and this processor |
//! | `damaged/` | what was not what it should be |
//! | `lock` | held by the one server that uses the directory |

mod files;
mod tables;

use std::collections::HashMap;
use std::io;
use std::time::SystemTime;

use framebox_sandbox::{Descriptor, Digest, Kind};
use serde::{Deserialize, Serialize};

use crate::data_dir::Home;
use crate::failpoint as fault;
use crate::limits::Table;
use files::Files;
use tables::Tables;

pub use tables::{Change, Contents};

/// Why something could not be kept, or found again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no room.
    #[error("there is no room left for it in the data directory")]
    Full,
    /// A file is not there.
    #[error("{0} is missing from the data directory")]
    Missing(String),
    /// A file is not what it was.
    #[error("{0} was damaged and is set aside")]
    Damaged(String),
    /// The system refuses.
    #[error("the data directory: {0}")]
    Io(io::Error),
    /// The database is not what it was, or is another program's.
    #[error("the database of the catalog: {0}")]
    Database(String),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full,
            _ => Self::Io(error),
        }
    }
}

/// What a component is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// What it does.
    pub kind: Kind,
    /// What it says of itself.
    pub descriptor: Descriptor,
    /// What it imports.
    pub imports: Vec<String>,
}

/// A component, as the database has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its size, bytes.
    pub bytes: u64,
    /// What it is.
    pub about: About,
    /// What was compiled of it.
    pub code: Code,
}

/// Compiled code, as the database has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// What it was compiled by and for.
    pub edition: String,
    /// Digest of the code itself.
    pub digest: Digest,
}

/// A version of a handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The component's digest.
    pub digest: Digest,
    /// When it came, milliseconds since 1970.
    pub uploaded_ms: u64,
    /// What it may use, as far as that came with it.
    #[serde(default)]
    pub limits: Table,
}

/// A handler.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Handler {
    /// The version that sessions get.
    pub active: Option<u64>,
    /// The one that was active before.
    pub previous: Option<u64>,
    /// The version that some sessions get.
    pub canary: Option<Canary>,
    /// The number of the last version that came; numbers are not given twice.
    pub last: u64,
}

/// A version that a share of the sessions gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Canary {
    /// Its number.
    pub version: u64,
    /// Share of the sessions that begin, 0 to 1.
    pub share: f64,
}

/// The data directory, held by this process.
pub struct Store {
    files: Files,
    tables: Tables,
    // Last: what is in it is closed before it is unlocked, and removed when it is temporary.
    home: Home,
}

impl Store {
    /// Takes hold of the directory `data`, made when it is not there; without one, of a temporary one. What a crash left
    /// behind is removed, and so is code of another `edition`.
    ///
    /// # Errors
    /// When the directory cannot be had.
    pub fn open(home: Home, edition: &str) -> Result<(Self, Contents), Error> {
        let files = Files::open(home.path(), edition, home.is_kept())?;
        let tables = Tables::open(home.path().join("catalog.redb"))?;
        let contents = tables.read()?;
        Ok((Self { files, tables, home }, contents))
    }

    /// True when what is kept outlives the program.
    pub fn is_kept(&self) -> bool {
        self.home.is_kept()
    }

    /// Removes the files of components that `known` does not have.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn sweep(&self, known: &HashMap<Digest, Component>) -> Result<(), Error> {
        Ok(self.files.sweep(|digest| known.contains_key(digest))?)
    }

    /// Keeps a component. Nothing refers to it yet.
    ///
    /// # Errors
    /// When there is no room, or the system refuses.
    pub fn put_component(&self, digest: &Digest, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.files.put(&self.files.component(digest), bytes, "upload.component")?)
    }

    /// Keeps compiled code. Nothing refers to it yet.
    ///
    /// # Errors
    /// When there is no room, or the system refuses.
    pub fn put_code(&self, digest: &Digest, code: &[u8]) -> Result<Code, Error> {
        self.files.put(&self.files.code(digest), code, "upload.code")?;
        Ok(Code { edition: self.files.edition().to_owned(), digest: Digest::of(code) })
    }

    /// The component of that digest.
    ///
    /// # Errors
    /// When it is missing or damaged; then it is set aside.
    pub fn component(&self, digest: &Digest) -> Result<Vec<u8>, Error> {
        self.files.read(&self.files.component(digest), digest)
    }

    /// What was compiled of a component. None: it is of another edition.
    ///
    /// # Errors
    /// When it is missing or damaged; then it is set aside.
    pub fn code(&self, digest: &Digest, code: &Code) -> Result<Option<Vec<u8>>, Error> {
        if code.edition != self.files.edition() {
            return Ok(None);
        }
        self.files.read(&self.files.code(digest), &code.digest).map(Some)
    }

    /// Removes the files of a component that nothing refers to any more. What cannot be removed goes at the next start.
    pub fn remove(&self, digest: &Digest) {
        self.files.remove(&self.files.component(digest));
        fault::point("delete.component-removed");
        self.files.remove(&self.files.code(digest));
    }

    /// Everything that the database has.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> Result<Contents, Error> {
        self.tables.read()
    }

    /// Makes a change of the database, as a whole. `place`: the fault points about it.
    ///
    /// # Errors
    /// When it could not be made.
    pub fn commit(&self, change: &Change, place: &str) -> Result<(), Error> {
        self.tables.commit(change, place)
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

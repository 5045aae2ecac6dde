//! The database: three tables of JSON documents.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use framebox_sandbox::Digest;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Component, Error, Handler, Version};
use crate::failpoint;

const HANDLERS: TableDefinition<&str, &[u8]> = TableDefinition::new("handlers");
const VERSIONS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("versions");
const COMPONENTS: TableDefinition<&str, &[u8]> = TableDefinition::new("components");

/// The content of the database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Handlers with their versions, by name.
    pub handlers: BTreeMap<String, (Handler, BTreeMap<u64, Version>)>,
    /// Components by digest.
    pub components: HashMap<Digest, Component>,
}

/// Rows that are written, or removed (`None`), atomically.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Handlers by name.
    pub handlers: Vec<(String, Option<Handler>)>,
    /// Versions by name and number.
    pub versions: Vec<(String, u64, Option<Version>)>,
    /// Components.
    pub components: Vec<(Digest, Option<Component>)>,
}

/// The open database.
pub struct Tables {
    path: PathBuf,
    /// `None` after an I/O error: the database has to be opened again then.
    database: Mutex<Option<Database>>,
}

impl Tables {
    /// Opens the database, made when absent.
    pub fn open(path: PathBuf) -> Result<Self, Error> {
        let database = open(&path)?;
        Ok(Self { path, database: Mutex::new(Some(database)) })
    }

    /// Reads all rows.
    pub fn read(&self) -> Result<Contents, Error> {
        self.with(|database| {
            let read = database.begin_read()?;
            let mut contents = Contents::default();
            for row in read.open_table(COMPONENTS)?.iter()? {
                let (digest, value) = row?;
                let digest = digest.value().parse::<Digest>().map_err(|error| Failure::Content(format!("{error}")))?;
                contents.components.insert(digest, decode(value.value())?);
            }
            for row in read.open_table(HANDLERS)?.iter()? {
                let (name, value) = row?;
                contents.handlers.insert(name.value().to_owned(), (decode(value.value())?, BTreeMap::new()));
            }
            for row in read.open_table(VERSIONS)?.iter()? {
                let (key, value) = row?;
                let (name, number) = key.value();
                let version = decode(value.value())?;
                let handler = contents.handlers.get_mut(name);
                let (_, versions) =
                    handler.ok_or_else(|| Failure::Content(format!("a version of an unknown handler: {name}")))?;
                versions.insert(number, version);
            }
            Ok(contents)
        })
    }

    /// Writes a batch atomically.
    pub fn commit(&self, batch: &Batch, failpoint: &str) -> Result<(), Error> {
        self.with(|database| {
            let write = database.begin_write()?;
            {
                let mut table = write.open_table(HANDLERS)?;
                for (name, row) in &batch.handlers {
                    match row {
                        Some(row) => table.insert(name.as_str(), encode(row)?.as_slice())?,
                        None => table.remove(name.as_str())?,
                    };
                }
                let mut table = write.open_table(VERSIONS)?;
                for (name, number, row) in &batch.versions {
                    match row {
                        Some(row) => table.insert((name.as_str(), *number), encode(row)?.as_slice())?,
                        None => table.remove((name.as_str(), *number))?,
                    };
                }
                let mut table = write.open_table(COMPONENTS)?;
                for (digest, row) in &batch.components {
                    match row {
                        Some(row) => table.insert(digest.hex().as_str(), encode(row)?.as_slice())?,
                        None => table.remove(digest.hex().as_str())?,
                    };
                }
            }
            failpoint::hit(&format!("{failpoint}.prepared"));
            write.commit()?;
            failpoint::hit(&format!("{failpoint}.committed"));
            Ok(())
        })
    }

    /// Calls `work` with the database, opened again when an earlier call failed.
    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, Failure>) -> Result<T, Error> {
        let mut slot = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let database = match slot.take() {
            Some(database) => database,
            None => open(&self.path)?,
        };
        match work(&database) {
            Ok(done) => {
                *slot = Some(database);
                Ok(done)
            }
            // The database is dropped: after an I/O error it accepts no further transactions.
            Err(failure) => Err(failure.into()),
        }
    }
}

fn open(path: &Path) -> Result<Database, Error> {
    let open = || -> Result<Database, Failure> {
        let database = Database::create(path)?;
        let write = database.begin_write()?;
        write.open_table(HANDLERS)?;
        write.open_table(VERSIONS)?;
        write.open_table(COMPONENTS)?;
        write.commit()?;
        Ok(database)
    };
    open().map_err(Error::from)
}

/// A failure inside the database.
enum Failure {
    Database(redb::Error),
    Content(String),
}

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Database(redb::Error::Io(error)) => error.into(),
            Failure::Database(error) => Self::Database(error.to_string()),
            Failure::Content(text) => Self::Database(text),
        }
    }
}

fn encode(row: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(row).map_err(|error| Failure::Content(error.to_string()))
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(bytes).map_err(|error| Failure::Content(error.to_string()))
}

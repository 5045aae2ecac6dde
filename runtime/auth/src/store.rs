//! The tokens of a data directory, in a text file.
//!
//! A file rather than a database: `framebox token` changes it while a server runs, and the embedded database locks its
//! file for one process. The file is replaced atomically (written beside, synced, renamed), so that a reader sees it as
//! before a change or as after; a lock file serializes changes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::token::{Hash, Token, is_name};

/// Largest file, bytes.
const LARGEST: u64 = 1 << 20;
/// Most tokens.
const MOST: usize = 1000;

/// Why tokens cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// The reason.
        error: io::Error,
    },
    /// The file is damaged.
    #[error("{path} is damaged: {error}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong with it.
        error: String,
    },
    /// A token of this name exists.
    #[error("there is a token {0:?} already: revoke it first, or choose another name")]
    Taken(String),
    /// There is no token of this name.
    #[error("there is no token {0:?}; `framebox token list` lists them")]
    Unknown(String),
    /// No token may have this name.
    #[error("a token's name has 1 to 64 of a–z, A–Z, 0–9, - _ . @")]
    Name,
    /// The token has no scope.
    #[error("a token without a scope allows nothing")]
    Nothing,
    /// There are as many tokens as allowed.
    #[error("there are {MOST} tokens, which is the most allowed: revoke some")]
    Full,
    /// The operating system provides no random bytes.
    #[error("the operating system provides no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// All tokens.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// In the order in which they were created.
    pub tokens: Vec<Token>,
}

impl Tokens {
    /// Finds the token whose text is `presented`. Every token is compared, so that the time reveals nothing.
    pub fn find(&self, presented: &str) -> Option<&Token> {
        let hash = Hash::of(presented);
        self.tokens.iter().fold(None, |found, token| if token.hash.is(&hash) { Some(token) } else { found })
    }

    /// Adds a token.
    ///
    /// # Errors
    /// When its name is wrong or taken, it has no scope, or there are too many.
    pub fn add(&mut self, token: Token) -> Result<(), Error> {
        if !is_name(&token.name) {
            return Err(Error::Name);
        }
        if token.scopes.is_empty() {
            return Err(Error::Nothing);
        }
        if self.tokens.iter().any(|other| other.name == token.name) {
            return Err(Error::Taken(token.name));
        }
        if self.tokens.len() >= MOST {
            return Err(Error::Full);
        }
        self.tokens.push(token);
        Ok(())
    }

    /// Removes a token.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn revoke(&mut self, name: &str) -> Result<Token, Error> {
        match self.tokens.iter().position(|token| token.name == name) {
            Some(at) => Ok(self.tokens.remove(at)),
            None => Err(Error::Unknown(name.to_owned())),
        }
    }
}

/// Identifies a version of the file: each change makes a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

/// The file of tokens in a data directory.
#[derive(Clone, Debug)]
pub struct TokenStore {
    folder: PathBuf,
}

impl TokenStore {
    /// Refers to the file in the data directory `folder`, which need not exist.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Identifies the file's current version; `None` when there is no file, since no token was ever made.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn stamp(&self) -> Result<Option<Stamp>, Error> {
        match fs::metadata(self.path()) {
            Ok(meta) => {
                Ok(Some(Stamp { inode: meta.ino(), length: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()) }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Reads the tokens; `None` when there is no file.
    ///
    /// # Errors
    /// When the file exists, and cannot be read or is damaged.
    pub fn read(&self) -> Result<Option<Tokens>, Error> {
        let mut file = match File::open(self.path()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.error(error)),
        };
        let mut text = String::new();
        let bytes = (&mut file).take(LARGEST + 1).read_to_string(&mut text).map_err(|error| self.error(error))?;
        let damaged = |error: String| Error::Damaged { path: self.path().display().to_string(), error };
        if bytes as u64 > LARGEST {
            return Err(damaged(format!("it has more than {LARGEST} bytes")));
        }
        let tokens: Tokens = toml::from_str(&text).map_err(|error| damaged(error.message().to_owned()))?;
        let mut checked = Tokens::default();
        for token in tokens.tokens {
            checked.add(token).map_err(|error| damaged(error.to_string()))?;
        }
        Ok(Some(checked))
    }

    /// Changes the tokens. Nothing is written when `change` fails.
    ///
    /// # Errors
    /// Those of `change`, and when the file cannot be read or written.
    pub fn change<T>(&self, change: impl FnOnce(&mut Tokens) -> Result<T, Error>) -> Result<T, Error> {
        let failed = |error| self.error(error);
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true).mode(0o700).create(&self.folder).map_err(failed)?;
        let lock = self.folder.join("rights.lock");
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(lock).map_err(failed)?;
        // Locked until it is closed.
        lock.lock().map_err(failed)?;
        let mut tokens = self.read()?.unwrap_or_default();
        let changed = change(&mut tokens)?;
        let text = toml::to_string(&tokens).map_err(|error| failed(io::Error::other(error)))?;
        self.replace(text.as_bytes()).map_err(failed)?;
        Ok(changed)
    }

    fn replace(&self, text: &[u8]) -> io::Result<()> {
        let beside = self.folder.join("rights.toml.next");
        // The rest of an interrupted write is useless and may have other permissions.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(b"# Made by `framebox token`. Holds hashes only.\n")?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(beside, self.path())?;
        File::open(&self.folder)?.sync_all()
    }

    fn path(&self) -> PathBuf {
        self.folder.join("rights.toml")
    }

    fn error(&self, error: io::Error) -> Error {
        Error::File { path: self.path().display().to_string(), error }
    }
}

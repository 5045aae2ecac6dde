//! What another process needs to run a component.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, Write};

use memmap2::Mmap;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use serde::{Deserialize, Serialize};

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::inspect::Outline;

/// A component, ready to run in another process: what it is, and its compiled code in a sealed file in memory, which all
/// processes that run it share. They travel as what [`Parts::split`] returns.
#[derive(Debug)]
pub struct Parts {
    pub(crate) description: Description,
    code: File,
}

/// What a component is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Description {
    pub(crate) digest: Digest,
    pub(crate) outline: Outline,
    pub(crate) descriptor: Descriptor,
}

/// Why there are no parts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartsError {
    /// The engine runs its guests in this process.
    #[error("this component runs in this process")]
    Here,
    /// The system gives no descriptor.
    #[error("the code cannot be handed on: {0}")]
    Descriptor(#[from] io::Error),
    /// It is no description.
    #[error("the description cannot be read: {0}")]
    Description(#[from] serde_json::Error),
}

impl Parts {
    pub(crate) fn new(digest: Digest, outline: &Outline, descriptor: &Descriptor, code: File) -> Self {
        let description = Description { digest, outline: outline.clone(), descriptor: descriptor.clone() };
        Self { description, code }
    }

    /// Puts the parts together again.
    ///
    /// # Errors
    /// [`PartsError::Description`].
    pub fn from_description(description: &str, code: File) -> Result<Self, PartsError> {
        Ok(Self { description: serde_json::from_str(description)?, code })
    }

    /// Takes them apart: what it is, as JSON, and the file of the code.
    ///
    /// # Errors
    /// [`PartsError::Description`].
    pub fn split(self) -> Result<(String, File), PartsError> {
        Ok((serde_json::to_string(&self.description)?, self.code))
    }

    pub(crate) fn map(&self) -> io::Result<Mmap> {
        // SAFETY: the file is sealed against changes.
        unsafe { Mmap::map(&self.code) }
    }
}

/// Returns a file in memory that has these bytes and that nobody can change (memfd_create(2), fcntl(2) F_ADD_SEALS).
pub(crate) fn sealed(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("component", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.write_all(bytes)?;
    fcntl_add_seals(&file, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(file)
}

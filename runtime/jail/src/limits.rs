//! Resource limits (getrlimit(2)).

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// What a confined process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory that it may write to, bytes: heap, stacks, the memory of guests. What is only reserved does not count.
    pub memory: u64,
    /// Descriptors at once.
    pub descriptors: u64,
    /// Size of a file, bytes. No file can be opened: this bounds files in memory (memfd_create(2)).
    pub file: u64,
}

impl Limits {
    pub(crate) fn apply(&self) -> io::Result<()> {
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
        limit(Resource::Core, 0)?;
        limit(Resource::Fsize, self.file)?;
        limit(Resource::Nofile, self.descriptors)?;
        limit_memory(self.memory)
    }
}

/// Limits the memory that this process may write to, bytes. It can only be lowered.
///
/// # Errors
/// When it would be raised.
pub fn limit_memory(bytes: u64) -> io::Result<()> {
    limit(Resource::Data, bytes)
}

pub(crate) fn limit(resource: Resource, value: u64) -> io::Result<()> {
    setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?;
    Ok(())
}

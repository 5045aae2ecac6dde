//! Confines a process that works on untrusted bytes: the child that compiles a component, the worker that runs a session, and
//! a foreign program that reads a video.
//!
//! **After [`confine`] a process reaches what it was given as open descriptors, memory up to its limit, and the clock:
//! no file, no network, no other process.** It holds also for code that an attacker has taken over. After
//! [`confine_program`] it may execute one program, which reads that program's libraries and one input.
//!
//! | module | the wall |
//! |---|---|
//! | `namespaces` | a network, users and IPC of its own, where the system allows it |
//! | `files` | Landlock: no file can be opened but those that are allowed, no TCP port, no abstract socket, no signal leaves |
//! | `calls` | seccomp: only the system calls that are needed |
//! | `limits` | memory, descriptors, size of files, core dumps |
//! | `program` | all of these for a foreign program |
//! | [`connect`] | connects in place of a program, to addresses that were checked |
//!
//! Each wall is for itself; seccomp and the limits must hold, for a program also Landlock, the others where the system has
//! them.
//!
//! It has to be called while the process has one thread: Landlock and namespaces confine the calling thread, and those that
//! it starts later.

mod calls;
pub mod connect;
mod files;
mod limits;
mod namespaces;
mod program;

pub use limits::{Limits, limit_memory};
pub use program::{Input, Program, confine_program, end_with_parent};

/// Why a process is not confined. It must not touch untrusted bytes then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A resource limit was refused.
    #[error("the system refuses a resource limit: {0}")]
    Limit(std::io::Error),
    /// Capabilities cannot be given up.
    #[error("capabilities cannot be given up: {0}")]
    Capabilities(#[from] caps::errors::CapsError),
    /// The system calls cannot be filtered.
    #[error("the system calls cannot be filtered: {0}; a kernel with seccomp is needed")]
    Calls(#[from] seccompiler::Error),
    /// This processor is not supported by the filter.
    #[error("the system calls cannot be filtered on this processor")]
    Processor,
    /// Landlock is there and refuses.
    #[error("access to files cannot be given up: {0}")]
    Files(#[from] landlock::RulesetError),
    /// Landlock is not there, and a program needs it.
    #[error("access to files cannot be given up: a kernel with Landlock (5.13 or newer) is needed")]
    NoLandlock,
    /// The program's connections cannot be checked.
    #[error("connections cannot be checked: {0}; a kernel with seccomp notifications (5.9 or newer) is needed")]
    Notify(std::io::Error),
}

/// The walls that stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walls {
    /// A network of its own, without any interface. Without it seccomp alone keeps the process from the network.
    pub network: bool,
    /// Landlock is in force. Without it seccomp alone keeps the process from files.
    pub files: bool,
}

/// Confines this process for the rest of its life.
///
/// # Errors
/// When a wall that must stand cannot be built.
pub fn confine(limits: &Limits) -> Result<Walls, Error> {
    limits.apply().map_err(Error::Limit)?;
    let network = namespaces::leave()?;
    let files = files::close()?;
    calls::filter_worker()?;
    Ok(Walls { network, files })
}

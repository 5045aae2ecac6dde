//! Confines this process for a foreign program that it is about to execute.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use crate::calls::{self, Extra};
use crate::files::Rules;
use crate::limits::{Limits, limit};
use crate::{Error, namespaces};

/// What the program works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The file that is open as its standard input; it may open it again by `/proc/self/fd/0`.
    File,
    /// Addresses. Its `connect` calls wait for the [`Listener`](crate::connect::Listener).
    Network,
    /// A device.
    Device(PathBuf),
    /// Nothing.
    Nothing,
}

/// What the program is, and what it may use.
#[derive(Clone, Debug)]
pub struct Program {
    /// Memory, descriptors, size of files.
    pub limits: Limits,
    /// Its address space, bytes: what is reserved and what is shared counts, too.
    pub address_space: u64,
    /// CPU time until it is ended. Whoever started it may raise it (prlimit(2)); the program may not.
    pub cpu: Duration,
    /// Its file and that of its loader: it can execute no other.
    pub execute: Vec<PathBuf>,
    /// Files and folders that it may read. Those that do not exist are left out.
    pub read: Vec<PathBuf>,
    /// What it works on.
    pub input: Input,
}

/// Confines this process, and the program that it executes, for the rest of its life. Returns the descriptor of the
/// [`Listener`](crate::connect::Listener) for [`Input::Network`].
///
/// # Errors
/// When a wall cannot be built: of those here only the namespaces may be missing.
pub fn confine_program(program: &Program) -> Result<Option<OwnedFd>, Error> {
    program.limits.apply().map_err(Error::Limit)?;
    limit(Resource::As, program.address_space).map_err(Error::Limit)?;
    let cpu = Rlimit { current: Some(program.cpu.as_secs()), maximum: None };
    setrlimit(Resource::Cpu, cpu).map_err(|error| Error::Limit(error.into()))?;
    namespaces::leave()?;
    let mut rules = Rules::new()?;
    for path in &program.execute {
        rules = rules.execute(path)?;
    }
    for path in &program.read {
        rules = rules.read(path)?;
    }
    rules = match &program.input {
        Input::File => rules.reopen(io::stdin())?,
        Input::Device(path) => rules.device(path)?,
        Input::Network | Input::Nothing => rules,
    };
    if !rules.apply()? {
        return Err(Error::NoLandlock);
    }
    let extra = match program.input {
        Input::File | Input::Nothing => Extra::Nothing,
        Input::Network => Extra::Network,
        Input::Device(_) => Extra::Device,
    };
    let listener = match extra {
        Extra::Network => Some(calls::connects().map_err(Error::Notify)?),
        Extra::Nothing | Extra::Device => None,
    };
    calls::filter_program(extra)?;
    Ok(listener)
}

/// Ends this process when the thread that started it ends, also after it has executed a program. `parent` is the process that
/// started it.
///
/// # Errors
/// When the parent is gone already, or the system does not allow it.
pub fn end_with_parent(parent: u32) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if std::os::unix::process::parent_id() != parent {
        return Err(io::Error::new(io::ErrorKind::NotConnected, "the process that started this one is gone"));
    }
    Ok(())
}

//! Namespaces: a network without interfaces, and users and IPC apart from those of the system (namespaces(7)).
#![allow(unsafe_code)]

use caps::{CapSet, errors::CapsError};

/// Leaves the network, the users and the IPC of the system. Returns whether the system allows it: where unprivileged user
/// namespaces are forbidden it does not, and the other walls stand alone.
///
/// Either way the process keeps no capabilities: those of a process of root, and those that come with namespaces of its own.
pub(crate) fn leave() -> Result<bool, CapsError> {
    // SAFETY: memory, descriptors and signal handlers stay as they are. The process has one thread.
    let left = unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC) } == 0;
    for set in [CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        caps::clear(None, set)?;
    }
    Ok(left)
}

//! Namespaces: a network without interfaces, and users and IPC apart from those of the system (namespaces(7)).
#![allow(unsafe_code)]

use std::io;

use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags, set_capabilities, unshare_unsafe};

/// Leaves the network, the users and the IPC of the system. Returns whether the system allows it: where unprivileged user
/// namespaces are forbidden it does not, and the other walls stand alone.
///
/// Either way the process keeps no capabilities: those of a process of root, and those that come with namespaces of its own.
pub(crate) fn leave() -> io::Result<bool> {
    let flags = UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWIPC;
    // SAFETY: the flags leave memory, descriptors and signal handlers shared as they are. The process has one thread.
    let left = unsafe { unshare_unsafe(flags) }.is_ok();
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(left)
}

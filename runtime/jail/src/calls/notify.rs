//! Hands `connect` calls to another process (seccomp_unotify(2)).
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, sock_filter, sock_fprog};

/// Makes each `connect` of this thread, and of what it starts or executes, wait for an answer through the descriptor that is
/// returned, which is closed when a program is executed. Other calls are left to other filters. Landlock must be in force: with
/// it came the promise that nothing executed has new privileges, which this call needs.
///
/// # Errors
/// When the system does not allow it.
pub(crate) fn connects() -> io::Result<OwnedFd> {
    let statement = |code: u32, k: u32| sock_filter { code: code as u16, jt: 0, jf: 0, k };
    // The number of a call is the first field of `seccomp_data`. Calls of another architecture, whose numbers differ, end
    // the process: the other filters see to that.
    let mut filter = [
        statement(BPF_LD | BPF_W | BPF_ABS, 0),
        sock_filter { code: (BPF_JMP | BPF_JEQ | BPF_K) as u16, jt: 0, jf: 1, k: libc::SYS_connect as u32 },
        statement(BPF_RET | BPF_K, libc::SECCOMP_RET_USER_NOTIF),
        statement(BPF_RET | BPF_K, libc::SECCOMP_RET_ALLOW),
    ];
    let program = sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: `program` and its filter live until the call has copied them.
    let listener = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_NEW_LISTENER,
            &raw const program,
        )
    };
    if listener < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just opened it for this process, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(listener as i32) })
}

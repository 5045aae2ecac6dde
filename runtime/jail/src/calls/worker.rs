//! The filter of a process of our own that computes: nothing but memory, threads and what is open.

use libc::c_long;

use super::{COMPUTING, DEADLY, Rules, apply, is, own, rule};
use crate::Error;

/// System calls with any arguments: files in memory, and descriptors that are open.
const OPEN: &[c_long] = &[
    libc::SYS_close,
    libc::SYS_dup3,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_fstat,
    libc::SYS_ftruncate,
    libc::SYS_lseek,
    libc::SYS_memfd_create,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_statx,
    libc::SYS_write,
    libc::SYS_writev,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// What it has no use for, beside [`DEADLY`]: sockets and programs.
const OUT_OF_REACH: &[c_long] =
    &[libc::SYS_accept4, libc::SYS_bind, libc::SYS_connect, libc::SYS_execve, libc::SYS_listen, libc::SYS_socket];

/// Filters the system calls of this thread and of those that it starts.
pub(crate) fn filter() -> Result<(), Error> {
    let mut rules: Rules = COMPUTING.iter().chain(OPEN).map(|call| (*call, Vec::new())).collect();
    own(&mut rules)?;
    // Its own priority and limits.
    rules.insert(libc::SYS_setpriority, vec![rule(vec![is(0, libc::PRIO_PROCESS as u64)?, is(1, 0)?])?]);
    rules.insert(libc::SYS_prlimit64, vec![rule(vec![is(0, 0)?])?]);
    // Flags of descriptors, and the seals of files in memory.
    let flags = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC, libc::F_ADD_SEALS];
    let flags = flags.into_iter().map(|command| rule(vec![is(1, command as u64)?]));
    rules.insert(libc::SYS_fcntl, flags.collect::<Result<_, _>>()?);
    apply(rules, &[DEADLY, OUT_OF_REACH].concat())
}

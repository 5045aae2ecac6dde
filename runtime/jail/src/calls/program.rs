//! The filter of a foreign program that reads one input: what a dynamic loader, a decoder and, where asked for, TCP need.
//!
//! Landlock says which files it opens; this filter leaves it no way to make another process, or another kind of socket.

use libc::c_long;
use seccompiler::SeccompCmpOp;

use super::{COMPUTING, DEADLY, Rules, apply, condition, is, own, rule};
use crate::Error;

/// System calls with any arguments: files by their paths, descriptors that are open, and what a program asks about itself.
const FILES: &[c_long] = &[
    // The program itself; Landlock lets it execute nothing else.
    libc::SYS_execve,
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fadvise64,
    libc::SYS_fstat,
    libc::SYS_fstatfs,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_ppoll,
    libc::SYS_pread64,
    libc::SYS_pselect6,
    libc::SYS_read,
    libc::SYS_readlinkat,
    libc::SYS_readv,
    libc::SYS_statfs,
    libc::SYS_statx,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getppid,
    libc::SYS_getuid,
    libc::SYS_set_tid_address,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_gettimeofday,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_select,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];

/// System calls on sockets, with any arguments; `connect` is another process's business.
const SOCKETS: &[c_long] = &[
    libc::SYS_connect,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_shutdown,
];

/// Options of sockets that it may set.
const OPTIONS: [(i32, i32); 7] = [
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE),
    (libc::SOL_SOCKET, libc::SO_RCVBUF),
    (libc::SOL_SOCKET, libc::SO_RCVTIMEO),
    (libc::SOL_SOCKET, libc::SO_REUSEADDR),
    (libc::SOL_SOCKET, libc::SO_SNDBUF),
    (libc::SOL_SOCKET, libc::SO_SNDTIMEO),
    (libc::IPPROTO_TCP, libc::TCP_NODELAY),
];

/// What a program does beside reading files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extra {
    Nothing,
    /// It uses TCP sockets.
    Network,
    /// It drives a device.
    Device,
}

/// Filters the system calls of this thread, of those that it starts, and of the program that it executes.
pub(crate) fn filter(extra: Extra) -> Result<(), Error> {
    let mut rules: Rules = COMPUTING.iter().chain(FILES).map(|call| (*call, Vec::new())).collect();
    own(&mut rules)?;
    // It reads its limits: who may set them may lift them.
    rules.insert(libc::SYS_prlimit64, vec![rule(vec![is(0, 0)?, null(2)?])?]);
    let flags = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC];
    let flags = flags.into_iter().map(|command| rule(vec![is(1, command as u64)?]));
    rules.insert(libc::SYS_fcntl, flags.collect::<Result<_, _>>()?);
    match extra {
        Extra::Nothing => {}
        Extra::Network => network(&mut rules)?,
        Extra::Device => drop(rules.insert(libc::SYS_ioctl, Vec::new())),
    }
    apply(rules, DEADLY)
}

fn network(rules: &mut Rules) -> Result<(), Error> {
    rules.extend(SOCKETS.iter().map(|call| (*call, Vec::new())));
    let mut sockets = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        for protocol in [0, libc::IPPROTO_TCP] {
            // Beside the kind there are flags.
            let stream = condition(1, SeccompCmpOp::MaskedEq(0xf), libc::SOCK_STREAM as u64)?;
            sockets.push(rule(vec![is(0, family as u64)?, stream, is(2, protocol as u64)?])?);
        }
    }
    rules.insert(libc::SYS_socket, sockets);
    let set = |(level, name): (i32, i32)| rule(vec![is(1, level as u64)?, is(2, name as u64)?]);
    rules.insert(libc::SYS_setsockopt, OPTIONS.into_iter().map(set).collect::<Result<_, _>>()?);
    // With MSG_FASTOPEN sending would connect.
    let plain = |argument| condition(argument, SeccompCmpOp::MaskedEq(libc::MSG_FASTOPEN as u64), 0);
    rules.insert(libc::SYS_sendto, vec![rule(vec![plain(3)?])?]);
    rules.insert(libc::SYS_sendmsg, vec![rule(vec![plain(2)?])?]);
    let asks = [libc::FIONBIO, libc::FIONREAD].into_iter().map(|request| rule(vec![is(1, request)?]));
    rules.insert(libc::SYS_ioctl, asks.collect::<Result<_, _>>()?);
    Ok(())
}

/// A pointer that is null.
fn null(argument: u8) -> Result<seccompiler::SeccompCondition, Error> {
    let condition =
        seccompiler::SeccompCondition::new(argument, seccompiler::SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0);
    condition.map_err(|error| Error::Calls(error.into()))
}

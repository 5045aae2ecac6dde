//! Seccomp (seccomp(2)): the system calls that computing needs, and no others.
//!
//! What is not listed fails with EPERM: libraries that try something and can do without go on. What only an attacker would
//! call ends the process at once.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use crate::Error;

/// System calls with any arguments: memory, threads, time, signals of its own, and descriptors that are open.
const ALLOWED: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_memfd_create,
    libc::SYS_mincore,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads; see `unknown` for clone3.
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getpriority,
    libc::SYS_gettid,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    // Time and chance.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_nanosleep,
    // Signals: traps of guests are signals, and abort is one.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Descriptors that are open.
    libc::SYS_close,
    libc::SYS_dup3,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_fstat,
    libc::SYS_ftruncate,
    libc::SYS_lseek,
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
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// System calls that nothing here makes, and by which an attacker would get out: the process ends.
const DEADLY: &[c_long] = &[
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_bpf,
    libc::SYS_connect,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_listen,
    libc::SYS_mount,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_open,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_setns,
    libc::SYS_socket,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Filters the system calls of this thread and of those that it starts.
pub(crate) fn filter() -> Result<(), Error> {
    apply_filter(&deadly()?)?;
    apply_filter(&unknown()?)?;
    // The last one: it does not allow another.
    apply_filter(&allowed()?)?;
    Ok(())
}

/// The most restrictive answer of several filters holds (seccomp(2)): this one ends the process, the other refuses.
fn deadly() -> Result<BpfProgram, Error> {
    let rules = DEADLY.iter().map(|call| (*call, Vec::new())).collect();
    program(rules, SeccompAction::Allow, SeccompAction::KillProcess)
}

/// The arguments of clone3 cannot be looked at. The C library uses clone where the kernel does not know it.
fn unknown() -> Result<BpfProgram, Error> {
    let rules = [(libc::SYS_clone3, Vec::new())].into();
    program(rules, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))
}

fn allowed() -> Result<BpfProgram, Error> {
    let mut rules: BTreeMap<_, _> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    let is = |argument, value| condition(argument, SeccompCmpOp::Eq, value);
    let has = |argument, bits: u64| condition(argument, SeccompCmpOp::MaskedEq(bits), bits);
    // Threads of this process, and no other processes.
    rules.insert(libc::SYS_clone, vec![rule(vec![has(0, (libc::CLONE_THREAD | libc::CLONE_VM) as u64)?])?]);
    // Its own priority, limits and names of threads.
    rules.insert(libc::SYS_setpriority, vec![rule(vec![is(0, libc::PRIO_PROCESS as u64)?, is(1, 0)?])?]);
    rules.insert(libc::SYS_prlimit64, vec![rule(vec![is(0, 0)?])?]);
    let names = [libc::PR_SET_NAME, libc::PR_SET_VMA].map(|option| option as u64);
    rules.insert(libc::SYS_prctl, names.into_iter().map(|name| rule(vec![is(0, name)?])).collect::<Result<_, _>>()?);
    // Signals to itself: abort.
    rules.insert(libc::SYS_tgkill, vec![rule(vec![is(0, u64::from(std::process::id()))?])?]);
    // Flags of descriptors, and the seals of files in memory.
    let flags = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC, libc::F_ADD_SEALS];
    let flags = flags.into_iter().map(|command| rule(vec![is(1, command as u64)?]));
    rules.insert(libc::SYS_fcntl, flags.collect::<Result<_, _>>()?);
    program(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, Error> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value);
    condition.map_err(|error| Error::Calls(error.into()))
}

fn rule(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, Error> {
    SeccompRule::new(conditions).map_err(|error| Error::Calls(error.into()))
}

fn program(
    rules: BTreeMap<c_long, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    on_match: SeccompAction,
) -> Result<BpfProgram, Error> {
    let processor = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| Error::Processor)?;
    let filter = SeccompFilter::new(rules, otherwise, on_match, processor).map_err(seccompiler::Error::Backend)?;
    filter.try_into().map_err(|error: seccompiler::BackendError| Error::Calls(seccompiler::Error::Backend(error)))
}

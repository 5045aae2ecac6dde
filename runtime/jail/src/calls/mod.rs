//! Seccomp (seccomp(2)): the system calls that a process needs, and no others.
//!
//! What is not listed fails with EPERM: libraries that try something and can do without go on. What only an attacker would
//! call ends the process at once.
//!
//! | module | the filter |
//! |---|---|
//! | `worker` | of a process of our own that computes |
//! | `program` | of a foreign program that reads one input |
//! | `notify` | hands the `connect` calls of such a program to another process |

mod notify;
mod program;
mod worker;

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

use crate::Error;

pub(crate) use notify::connects;
pub(crate) use program::{Extra, filter as filter_program};
pub(crate) use worker::filter as filter_worker;

/// System calls with any arguments: memory, threads, time, and signals of its own.
const COMPUTING: &[c_long] = &[
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_membarrier,
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
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
];

/// System calls that nothing here makes, and by which an attacker would get out: the process ends.
const DEADLY: &[c_long] = &[
    libc::SYS_bpf,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_open,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// The rules of system calls: none stands for any arguments.
type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Allows `rules` to this thread and to those that it starts, ends the process at `deadly`, and refuses everything else.
fn apply(rules: Rules, deadly: &[c_long]) -> Result<(), Error> {
    // The most restrictive answer of several filters holds: this one ends the process, the other refuses.
    let deadly = deadly.iter().map(|call| (*call, Vec::new())).collect();
    apply_filter(&program(deadly, SeccompAction::Allow, SeccompAction::KillProcess)?)?;
    // The arguments of clone3 cannot be looked at. The C library uses clone where the kernel does not know it.
    let unknown = [(libc::SYS_clone3, Vec::new())].into();
    apply_filter(&program(unknown, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?)?;
    // The last one: it does not allow another.
    apply_filter(&program(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)?)?;
    Ok(())
}

/// What every confined process may do beside computing: threads of its own, and signals to itself.
fn own(rules: &mut Rules) -> Result<(), Error> {
    // Threads of this process, and no other processes.
    let threads = (libc::CLONE_THREAD | libc::CLONE_VM) as u64;
    rules.insert(libc::SYS_clone, vec![rule(vec![has(0, threads)?])?]);
    let names = [libc::PR_SET_NAME, libc::PR_SET_VMA].map(|option| option as u64);
    rules.insert(libc::SYS_prctl, names.into_iter().map(|name| rule(vec![is(0, name)?])).collect::<Result<_, _>>()?);
    // Signals to itself: abort.
    rules.insert(libc::SYS_tgkill, vec![rule(vec![is(0, u64::from(std::process::id()))?])?]);
    Ok(())
}

fn is(argument: u8, value: u64) -> Result<SeccompCondition, Error> {
    condition(argument, SeccompCmpOp::Eq, value)
}

fn has(argument: u8, bits: u64) -> Result<SeccompCondition, Error> {
    condition(argument, SeccompCmpOp::MaskedEq(bits), bits)
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, Error> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value);
    condition.map_err(|error| Error::Calls(error.into()))
}

fn rule(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, Error> {
    SeccompRule::new(conditions).map_err(|error| Error::Calls(error.into()))
}

fn program(rules: Rules, otherwise: SeccompAction, on_match: SeccompAction) -> Result<BpfProgram, Error> {
    let processor = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| Error::Processor)?;
    let filter = SeccompFilter::new(rules, otherwise, on_match, processor).map_err(seccompiler::Error::Backend)?;
    filter.try_into().map_err(|error: seccompiler::BackendError| Error::Calls(seccompiler::Error::Backend(error)))
}

//! What a process tries after it was confined: each attempt is made by a child of this program.

#![allow(clippy::unwrap_used, unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "a child ends as its attempt says")]

use std::io::{ErrorKind, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::{fs, io, thread};

use framebox_jail::{Limits, confine, limit_memory};

const MEMORY: u64 = 256 << 20;

/// How an attempt has to end.
enum End {
    /// It says this on its standard output.
    Says(&'static str),
    /// The system ends the process.
    Killed,
}

/// An attempt of a confined process: what it says when it is not ended.
type Attempt = fn() -> String;

const ATTEMPTS: &[(&str, Attempt, End)] = &[
    ("computes on another thread", computes, End::Says("49995000")),
    ("writes to what is open", || "yes".into(), End::Says("yes")),
    ("reads a file", || word(fs::read("/etc/passwd")), End::Says("refused")),
    ("reads its own memory map", || word(fs::read("/proc/self/maps")), End::Says("refused")),
    ("writes a file", || word(fs::write("/tmp/framebox-jail-escape", "x")), End::Says("refused")),
    ("lists a folder", || word(fs::read_dir("/")), End::Says("refused")),
    ("has more memory", more_memory, End::Says("refused")),
    ("raises its limit", || word(limit_memory(MEMORY * 4)), End::Says("refused")),
    ("signals its parent", || call(libc::SYS_kill, [parent(), 0, 0]), End::Says("refused")),
    ("forks", || call(libc::SYS_clone, [libc::SIGCHLD as i64, 0, 0]), End::Says("refused")),
    ("forks by clone3", || call(libc::SYS_clone3, [0, 0, 0]), End::Says("refused")),
    ("opens a socket", || word(std::net::UdpSocket::bind("127.0.0.1:0")), End::Killed),
    ("connects a local socket", || word(std::os::unix::net::UnixDatagram::unbound()), End::Killed),
    ("runs a program", || call(libc::SYS_execve, [0, 0, 0]), End::Killed),
    ("traces its parent", || call(libc::SYS_ptrace, [libc::PTRACE_ATTACH as i64, parent(), 0]), End::Killed),
    ("reads another's memory", || call(libc::SYS_process_vm_readv, [parent(), 0, 0]), End::Killed),
    ("makes a ring", || call(libc::SYS_io_uring_setup, [1, 0, 0]), End::Killed),
    ("mounts", || call(libc::SYS_mount, [0, 0, 0]), End::Killed),
    ("enters a namespace", || call(libc::SYS_unshare, [i64::from(libc::CLONE_NEWUSER), 0, 0]), End::Killed),
];

fn main() {
    match std::env::args().nth(1).and_then(|name| ATTEMPTS.iter().find(|(known, ..)| *known == name)) {
        Some((_, attempt, _)) => confined(*attempt),
        None => ATTEMPTS.iter().for_each(|(name, _, end)| check(name, end)),
    }
}

/// The child.
fn confined(attempt: Attempt) {
    let walls = confine(&Limits { memory: MEMORY, descriptors: 32, file: 1 << 20 }).unwrap();
    eprintln!("{walls:?}");
    io::stdout().write_all(attempt().as_bytes()).unwrap();
}

fn check(name: &str, end: &End) {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg(name)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    match end {
        End::Says(expected) => assert_eq!(said, *expected, "{name}: {output:?}"),
        End::Killed => {
            assert_eq!((said.as_ref(), output.status.signal()), ("", Some(libc::SIGSYS)), "{name}: {output:?}");
        }
    }
    println!("test {name} ... ok");
}

fn word<T>(result: io::Result<T>) -> String {
    match result {
        Ok(_) => "done".into(),
        Err(error) if [ErrorKind::PermissionDenied, ErrorKind::Unsupported].contains(&error.kind()) => "refused".into(),
        Err(error) => error.to_string(),
    }
}

fn computes() -> String {
    thread::spawn(|| (0..10_000_u64).sum::<u64>()).join().unwrap().to_string()
}

fn more_memory() -> String {
    let mut bytes = Vec::<u8>::new();
    match bytes.try_reserve_exact(MEMORY as usize * 2) {
        Ok(()) => "done".into(),
        Err(_) => "refused".into(),
    }
}

fn parent() -> i64 {
    i64::from(std::os::unix::process::parent_id())
}

fn call(number: i64, arguments: [i64; 3]) -> String {
    let [first, second, third] = arguments;
    // SAFETY: the arguments are null or numbers; the calls fail, or the process ends.
    match unsafe { libc::syscall(number, first, second, third) } {
        -1 => word(Err::<(), _>(io::Error::last_os_error())),
        0 if number == libc::SYS_clone => std::process::exit(0),
        _ => "done".into(),
    }
}

//! What a foreign program tries after this process was confined and has executed it: this program, which stands for one that
//! an attacker has taken over, is run once more for each attempt.

#![allow(clippy::unwrap_used, unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "a child ends as its attempt says, and waits as long as it has to")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

use framebox_jail::connect::Listener;
use framebox_jail::{Input, Limits, Program, confine_program, end_with_parent};
use sendfd::{RecvWithFd, SendWithFd};

const MEMORY: u64 = 128 << 20;
const SECRET: &str = "/etc/passwd";

/// How an attempt has to end.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It says this on its standard output.
    Says(&'static str),
    /// The system ends the process by this signal.
    Killed(i32),
}

/// An attempt of a confined program: what it says when it is not ended.
type Attempt = fn() -> String;

const REFUSED: End = End::Says("refused");
const KILLED: End = End::Killed(libc::SIGSYS);

/// What a program tries that reads a file.
const WITH_A_FILE: &[(&str, Attempt, End)] = &[
    ("reads its input", || word_of(fs::read_to_string("/proc/self/fd/0")), End::Says("input")),
    ("computes on a thread", || thread::spawn(|| "yes".to_owned()).join().unwrap(), End::Says("yes")),
    ("writes its input", || word(OpenOptions::new().write(true).open("/proc/self/fd/0")), REFUSED),
    ("reads another file", || word(fs::read(SECRET)), REFUSED),
    ("reads its environment", || word(fs::read("/proc/self/environ")), REFUSED),
    ("reads its parent's environment", || word(fs::read(format!("/proc/{}/environ", parent()))), REFUSED),
    ("reads a link of its parent", || word(File::open(format!("/proc/{}/exe", parent()))), REFUSED),
    ("writes a file", || word(fs::write("/tmp/framebox-jail-escape", "x")), REFUSED),
    ("removes a file", || call(libc::SYS_unlinkat, [libc::AT_FDCWD as i64, c"/tmp".as_ptr() as i64, 0]), REFUSED),
    ("lists a folder", || word(fs::read_dir("/")), REFUSED),
    ("executes another program", || word(Err::<(), _>(Command::new("/bin/true").exec())), REFUSED),
    ("starts a process", || call(libc::SYS_clone, [libc::SIGCHLD as i64, 0, 0]), REFUSED),
    ("has more memory", more_memory, REFUSED),
    ("has more shared memory", more_shared_memory, REFUSED),
    ("makes a file in memory", || call(libc::SYS_memfd_create, [c"x".as_ptr() as i64, 0, 0]), REFUSED),
    (
        "has more time",
        || call(libc::SYS_prlimit64, [0, i64::from(libc::RLIMIT_CPU), [9_i64; 2].as_ptr() as i64]),
        REFUSED,
    ),
    ("computes for ever", for_ever, End::Killed(libc::SIGXCPU)),
    ("signals its parent", || call(libc::SYS_kill, [parent(), 0, 0]), REFUSED),
    ("opens a socket", || word(UdpSocket::bind("127.0.0.1:0")), REFUSED),
    ("connects", || word(TcpStream::connect("127.0.0.1:1")), REFUSED),
    ("opens a local socket", || word(UnixDatagram::unbound()), REFUSED),
    ("drives a device", || call(libc::SYS_ioctl, [0, 0x1234, 0]), REFUSED),
    ("traces its parent", || call(libc::SYS_ptrace, [libc::PTRACE_ATTACH as i64, parent(), 0]), KILLED),
    ("reads another's memory", || call(libc::SYS_process_vm_readv, [parent(), 0, 0]), KILLED),
    ("makes a ring", || call(libc::SYS_io_uring_setup, [1, 0, 0]), KILLED),
    ("mounts", || call(libc::SYS_mount, [0, 0, 0]), KILLED),
    ("enters a namespace", || call(libc::SYS_unshare, [i64::from(libc::CLONE_NEWUSER), 0, 0]), KILLED),
];

/// What a program tries that may use the network.
const WITH_THE_NETWORK: &[(&str, Attempt, End)] = &[
    ("connects where it may", || greet(allowed()), End::Says("hello")),
    ("connects where it may not", || word(TcpStream::connect(forbidden())), REFUSED),
    ("moves the address while it is checked", moves, End::Says("hello or refused")),
    ("sends to where it may not", sends_to, REFUSED),
    ("connects while it sends", connects_by_sending, REFUSED),
    ("waits for connections", || word(TcpListener::bind("127.0.0.1:0")), REFUSED),
    ("listens without an address", listens, REFUSED),
    ("opens a datagram socket", || word(UdpSocket::bind("127.0.0.1:0")), REFUSED),
    ("opens a local socket", || word(UnixStream::connect("/run/any")), REFUSED),
    ("opens a raw socket", || call(libc::SYS_socket, [2, libc::SOCK_RAW as i64, 1]), REFUSED),
    ("opens a socket of netlink", || call(libc::SYS_socket, [16, libc::SOCK_RAW as i64, 0]), REFUSED),
    ("opens a socket of another protocol", || call(libc::SYS_socket, [2, 1, 262]), REFUSED),
    ("reads another file", || word(fs::read(SECRET)), REFUSED),
    ("reads its standard input's file", || word(fs::read("/proc/self/fd/0")), REFUSED),
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["confine", input, parent, ..] => confine(input, parent, &arguments[3..]),
        ["attempt", name, ..] => {
            let all = WITH_A_FILE.iter().chain(WITH_THE_NETWORK);
            let (_, attempt, _) = all.into_iter().find(|(known, ..)| *known == name).unwrap();
            io::stdout().write_all(attempt().as_bytes()).unwrap();
        }
        ["wait"] => thread::sleep(Duration::from_secs(60)),
        _ => checks(),
    }
}

fn checks() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    fs::write(&file, "input").unwrap();
    for (name, _, end) in WITH_A_FILE {
        let output = command("file", &["attempt", name]).stdin(File::open(&file).unwrap()).output().unwrap();
        check(name, *end, &output);
    }
    has_no_rights(&file);
    ends_with_its_parent();
    let (here, there) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    for (name, _, end) in WITH_THE_NETWORK {
        check(name, *end, &with_network(name, &here, &there));
    }
}

/// This program, confined, then executed once more with `arguments`.
fn command(input: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("confine").arg(input).arg(std::process::id().to_string()).args(arguments).stdin(Stdio::null());
    command
}

/// The child: it confines itself, and becomes the program.
fn confine(input: &str, parent: &str, arguments: &[&str]) {
    end_with_parent(parent.parse().unwrap()).unwrap();
    let this = std::env::current_exe().unwrap();
    let loader = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].map(PathBuf::from);
    let program = Program {
        limits: Limits { memory: MEMORY, descriptors: 32, file: 0 },
        address_space: 4 * MEMORY,
        cpu: Duration::from_secs(1),
        execute: [this.clone()].into_iter().chain(loader).collect(),
        read: ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"].map(PathBuf::from).into(),
        input: match input {
            "file" => Input::File,
            "network" => Input::Network,
            _ => Input::Nothing,
        },
    };
    let control = (input == "network").then(|| {
        let (control, nothing) = (io::stdin().as_fd().try_clone_to_owned().unwrap(), File::open("/dev/null").unwrap());
        // SAFETY: both descriptors are open.
        assert_eq!(unsafe { libc::dup2(nothing.as_raw_fd(), 0) }, 0);
        UnixStream::from(control)
    });
    if let Some(listener) = confine_program(&program).unwrap() {
        control.unwrap().send_with_fd(b".", &[listener.as_raw_fd()]).unwrap();
    }
    panic!("{}", Command::new(this).args(arguments).env_clear().exec());
}

/// Runs an attempt with the network: `here` may be reached, `there` must not be.
fn with_network(name: &str, here: &TcpListener, there: &TcpListener) -> Output {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let [here_at, there_at] = [here, there].map(|listener| listener.local_addr().unwrap());
    let mut command = command("network", &["attempt", name, &here_at.to_string(), &there_at.to_string()]);
    let command = command.stdin(OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let mut files = [-1];
    assert_eq!(ours.recv_with_fd(&mut [0], &mut files).unwrap(), (1, 1), "{name}: no listener");
    // SAFETY: it has just been received.
    let listener = Listener::from(unsafe { OwnedFd::from_raw_fd(files[0]) });
    let over = AtomicBool::new(false);
    let output = thread::scope(|scope| {
        let connections = scope.spawn(|| serve(&listener, here_at, &over));
        scope.spawn(|| answer(here, &over));
        let output = child.wait_with_output().unwrap();
        over.store(true, Ordering::Relaxed);
        connections.join().unwrap();
        output
    });
    there.set_nonblocking(true).unwrap();
    assert!(there.accept().is_err(), "{name}: it was connected");
    output
}

/// Connects to `allowed`, and refuses everything else.
fn serve(listener: &Listener, allowed: SocketAddr, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let mut poll = libc::pollfd { fd: listener.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: it is one descriptor, and that is open.
        if unsafe { libc::poll(&raw mut poll, 1, 20) } < 1 || poll.revents & libc::POLLIN == 0 {
            continue;
        }
        let Some(request) = listener.receive().unwrap() else { continue };
        match request.address() {
            Some(address) if address == allowed => {
                request.give(&TcpStream::connect(address).unwrap().into(), 0).unwrap();
            }
            _ => request.refuse(libc::EACCES).unwrap(),
        }
    }
}

/// Greets everybody.
fn answer(listener: &TcpListener, over: &AtomicBool) {
    listener.set_nonblocking(true).unwrap();
    while !over.load(Ordering::Relaxed) {
        match listener.accept() {
            // Who is gone again is not greeted.
            Ok((mut stream, _)) => drop(stream.write_all(b"hello")),
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// A program that runs has no capabilities, cannot get any, and is filtered.
fn has_no_rights(file: &std::path::Path) {
    let mut child = command("file", &["wait"]).stdin(File::open(file).unwrap()).spawn().unwrap();
    let about = |what: &str| fs::read_to_string(format!("/proc/{}/{what}", child.id()));
    while !about("cmdline").is_ok_and(is_executed) {
        thread::sleep(Duration::from_millis(5));
    }
    let status = about("status").unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    for line in ["CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.contains(line), "{line}: {status}");
    }
    println!("test has no rights ... ok");
}

/// Whether this is the command line of a program that waits.
fn is_executed(line: String) -> bool {
    line.contains("wait") && !line.contains("confine")
}

/// A program whose parent is killed is gone.
fn ends_with_its_parent() {
    let shell = format!("{} confine nothing $$ wait & echo $!; wait", std::env::current_exe().unwrap().display());
    let mut parent = Command::new("sh").args(["-c", &shell]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = parent.stdout.take().unwrap();
    while !line.ends_with('\n') {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        line.push(byte[0] as char);
    }
    let status = format!("/proc/{}/cmdline", line.trim());
    while !fs::read_to_string(&status).is_ok_and(is_executed) {
        thread::sleep(Duration::from_millis(5));
    }
    parent.kill().unwrap();
    parent.wait().unwrap();
    // Whoever inherits it may take a moment to collect it: then its command line is empty.
    while fs::read_to_string(&status).is_ok_and(is_executed) {
        thread::sleep(Duration::from_millis(5));
    }
    println!("test ends with its parent ... ok");
}

fn check(name: &str, end: End, output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    match end {
        End::Says(expected) => assert_eq!(said, *expected, "{name}: {output:?}"),
        End::Killed(signal) => {
            assert_eq!((said.as_ref(), output.status.signal()), ("", Some(signal)), "{name}: {output:?}");
        }
    }
    println!("test {name} ... ok");
}

fn allowed() -> SocketAddr {
    std::env::args().nth(3).unwrap().parse().unwrap()
}

fn forbidden() -> SocketAddr {
    std::env::args().nth(4).unwrap().parse().unwrap()
}

fn greet(address: SocketAddr) -> String {
    let mut text = String::new();
    let read = TcpStream::connect(address).and_then(|mut stream| stream.read_to_string(&mut text));
    read.map_or_else(|error| error.to_string(), |_| text)
}

/// A `sockaddr_in` whose port another thread changes all the time.
#[repr(C)]
struct Moving {
    family: u16,
    port: AtomicU16,
    address: [u8; 4],
    zero: [u8; 8],
}

fn moves() -> String {
    let ports = [allowed(), forbidden()].map(|address| address.port().to_be());
    let port = AtomicU16::new(ports[0]);
    let moving = Moving { family: libc::AF_INET as u16, port, address: [127, 0, 0, 1], zero: [0; 8] };
    let over = AtomicBool::new(false);
    let (mut connected, mut refused) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                ports.iter().for_each(|port| moving.port.store(*port, Ordering::Relaxed));
            }
        });
        for _ in 0..300 {
            let socket = stream();
            // SAFETY: the address lives on.
            match unsafe { libc::connect(socket.as_raw_fd(), (&raw const moving).cast(), size_of::<Moving>() as u32) } {
                0 => connected += 1,
                _ => refused += 1,
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    // That nothing came to the other address is seen there.
    if connected + refused == 300 { "hello or refused".into() } else { format!("{connected}, {refused}") }
}

fn stream() -> OwnedFd {
    // SAFETY: the call makes a descriptor or fails.
    unsafe { OwnedFd::from_raw_fd(libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0)) }
}

fn send(flags: i32) -> isize {
    // SAFETY: it is plain data.
    let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    address.sin_family = libc::AF_INET as u16;
    address.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
    address.sin_port = forbidden().port().to_be();
    let length = size_of::<libc::sockaddr_in>() as u32;
    let flags = flags | libc::MSG_NOSIGNAL;
    // SAFETY: everything lives until the call is over.
    unsafe { libc::sendto(stream().as_raw_fd(), c"x".as_ptr().cast(), 1, flags, (&raw const address).cast(), length) }
}

fn sends_to() -> String {
    // Without a connection nothing is sent.
    match send(0) {
        -1 if io::Error::last_os_error().kind() == ErrorKind::BrokenPipe => "refused".into(),
        sent => format!("{sent}: {}", io::Error::last_os_error()),
    }
}

fn connects_by_sending() -> String {
    match send(libc::MSG_FASTOPEN) {
        -1 => word(Err::<(), _>(io::Error::last_os_error())),
        sent => sent.to_string(),
    }
}

fn listens() -> String {
    call(libc::SYS_listen, [i64::from(stream().as_raw_fd()), 1, 0])
}

fn word<T>(result: io::Result<T>) -> String {
    word_of(result.map(|_| "done".to_owned()))
}

fn word_of(result: io::Result<String>) -> String {
    match result {
        Ok(word) => word,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => "refused".into(),
        Err(error) => error.to_string(),
    }
}

fn more_memory() -> String {
    let mut bytes = Vec::<u8>::new();
    match bytes.try_reserve_exact(MEMORY as usize * 2) {
        Ok(()) => "done".into(),
        Err(_) => "refused".into(),
    }
}

fn more_shared_memory() -> String {
    let (rights, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping replaces nothing.
    let mapping = unsafe { libc::mmap(std::ptr::null_mut(), MEMORY as usize * 4, rights, flags, -1, 0) };
    if mapping == libc::MAP_FAILED { "refused".into() } else { "done".into() }
}

fn for_ever() -> String {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
}

fn parent() -> i64 {
    i64::from(std::os::unix::process::parent_id())
}

fn call(number: i64, arguments: [i64; 3]) -> String {
    let [first, second, third] = arguments;
    // SAFETY: the arguments are null, numbers, or point to what lives on; the calls fail, or the process ends.
    match unsafe { libc::syscall(number, first, second, third) } {
        -1 => word(Err::<(), _>(io::Error::last_os_error())),
        0 if number == libc::SYS_clone => std::process::exit(0),
        _ => "done".into(),
    }
}

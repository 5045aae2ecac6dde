//! The system calls that the standard library lacks.

#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

/// Moves the calling thread into a new network namespace, and with it what it starts from then on.
pub fn leave_network() -> io::Result<()> {
    // SAFETY: no memory is passed; without CLONE_FS or CLONE_FILES only the thread's namespace changes.
    check(unsafe { libc::unshare(libc::CLONE_NEWNET) })
}

/// Makes a TUN device in the calling thread's namespace: what is sent through it is read from the file, without a header
/// before the IP packet. Reads do not block.
pub fn make_tun(name: &str) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun")?;
    // SAFETY: all fields are integers, or arrays and unions of them, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays zero.
    let room = request.ifr_name.len() - 1;
    for (to, from) in request.ifr_name[..room].iter_mut().zip(name.bytes()) {
        *to = from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
    // SAFETY: the kernel reads and writes one `ifreq`, which lives until the call returns.
    check(unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw mut request) })?;
    Ok(file)
}

/// Puts the calling thread, and what it starts from then on, before other work of the machine, as far as its rights go.
pub fn be_preferred() {
    // SAFETY: no memory is passed. It fails without the right, and then nothing changes.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -15) };
}

/// Lets the calling thread run as soon as it has something to do, as far as its rights go.
pub fn be_punctual() {
    // SAFETY: no memory is passed. Sleeps end within a microsecond instead of within fifty.
    let _ = unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1_000_usize) };
    let priority = libc::sched_param { sched_priority: 10 };
    // SAFETY: the parameters live until the call returns. It fails without the right, and then nothing changes.
    let _ = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const priority) };
}

/// Waits until one of the files can be read, or until the time is over.
pub fn wait_for_input(files: [BorrowedFd<'_>; 2], time: Duration) {
    let mut polled = files.map(|file| libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 });
    let time = libc::timespec { tv_sec: time.as_secs() as libc::time_t, tv_nsec: time.subsec_nanos().into() };
    // SAFETY: the array and the time live until the call returns; no signal mask is passed.
    let _ =
        unsafe { libc::ppoll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, &raw const time, std::ptr::null()) };
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

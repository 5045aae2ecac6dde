//! Connects in place of a confined program (seccomp_unotify(2)).
//!
//! A program that was confined for [`Input::Network`](crate::Input::Network) waits in each `connect` for an answer. Whoever
//! holds the [`Listener`] reads the address once, and gives the program a socket of its own making for that address, or
//! refuses: what is connected is what was checked, whatever the program does to its memory meanwhile.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;

use libc::{seccomp_notif, seccomp_notif_addfd, seccomp_notif_resp};

/// Length of the addresses of IPv4 and IPv6, bytes (`sockaddr_in`, `sockaddr_in6`).
const IPV4: usize = 16;
const IPV6: usize = 28;

/// Receives the connections that a program asks for. When it is gone, they fail.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl From<OwnedFd> for Listener {
    /// `descriptor` comes from [`confine_program`](crate::confine_program).
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }
}

impl AsFd for Listener {
    /// Readable when a connection is asked for; hung up when the program is gone.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Listener {
    /// Returns the connection that is asked for; none when the program did not wait for it. Blocks where none is asked for.
    ///
    /// # Errors
    /// When the system does not tell, or does not let this process look at the program.
    pub fn receive(&self) -> io::Result<Option<Request<'_>>> {
        // SAFETY: it is plain data, and all zeros is what the call asks for.
        let mut notice: seccomp_notif = unsafe { std::mem::zeroed() };
        match self.call(libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut notice) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR)) => return Ok(None),
            received => received?,
        }
        let fd = notice.data.args[0] as RawFd;
        let mut request =
            Request { listener: self, id: notice.id, fd, address: None, blocks: true, is_answered: false };
        if let Err(error) = request.look(&notice) {
            if !request.is_waiting() {
                return Ok(None);
            }
            request.refuse(libc::EPERM)?;
            return Err(error);
        }
        // Until here it waited: what was read is its own.
        Ok(request.is_waiting().then_some(request))
    }

    fn call<T>(&self, request: libc::Ioctl, argument: *mut T) -> io::Result<()> {
        // SAFETY: each request below has the argument that the kernel expects, which lives until the call is over.
        match unsafe { libc::ioctl(self.0.as_raw_fd(), request, argument) } {
            result if result < 0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}

/// A connection that a program asks for. It waits until it is answered; one that is dropped fails.
#[derive(Debug)]
pub struct Request<'a> {
    listener: &'a Listener,
    id: u64,
    /// The program's socket.
    fd: RawFd,
    address: Option<SocketAddr>,
    blocks: bool,
    is_answered: bool,
}

impl Request<'_> {
    /// Where to; none for what is not an address of IPv4 or IPv6.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Whether the program's socket waits until it is connected.
    pub fn blocks(&self) -> bool {
        self.blocks
    }

    /// Fails with this error number.
    ///
    /// # Errors
    /// When the system does not pass it on.
    pub fn refuse(mut self, error: i32) -> io::Result<()> {
        self.answer(error)
    }

    /// Puts `socket` in place of the program's own one. Its call succeeds, or fails with the error number `error`, as
    /// EINPROGRESS for a socket that is still being connected.
    ///
    /// # Errors
    /// When the system does not pass it on.
    pub fn give(mut self, socket: &OwnedFd, error: i32) -> io::Result<()> {
        let mut addition = seccomp_notif_addfd {
            id: self.id,
            flags: libc::SECCOMP_ADDFD_FLAG_SETFD as u32,
            srcfd: socket.as_raw_fd() as u32,
            newfd: self.fd as u32,
            newfd_flags: libc::O_CLOEXEC as u32,
        };
        if let Err(problem) = self.listener.call(libc::SECCOMP_IOCTL_NOTIF_ADDFD, &raw mut addition) {
            return if self.is_waiting() { Err(problem) } else { Ok(()) };
        }
        self.answer(error)
    }

    /// Reads the address, and how the socket was opened.
    fn look(&mut self, notice: &seccomp_notif) -> io::Result<()> {
        let [_, at, length, ..] = notice.data.args;
        let mut bytes = [0; IPV6];
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(IPV6);
        if length >= IPV4 {
            let memory = File::open(format!("/proc/{}/mem", notice.pid))?;
            memory.read_exact_at(&mut bytes[..length], at)?;
        }
        self.address = address(&bytes[..length]);
        let about = std::fs::read_to_string(format!("/proc/{}/fdinfo/{}", notice.pid, self.fd))?;
        let flags = about.lines().find_map(|line| i32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
        self.blocks = flags.is_none_or(|flags| flags & libc::O_NONBLOCK == 0);
        Ok(())
    }

    /// Whether the program still waits for the answer. If not, its number may be another process's.
    fn is_waiting(&self) -> bool {
        let mut id = self.id;
        self.listener.call(libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw mut id).is_ok()
    }

    fn answer(&mut self, error: i32) -> io::Result<()> {
        let mut answer = seccomp_notif_resp { id: self.id, val: 0, error: -error, flags: 0 };
        self.is_answered = true;
        match self.listener.call(libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) {
            // It does not wait any more.
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
            sent => sent,
        }
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            // Nothing can be done about a program that is not told.
            let _ = self.answer(libc::ECONNABORTED);
        }
    }
}

/// Reads a `sockaddr_in` or `sockaddr_in6`.
fn address(bytes: &[u8]) -> Option<SocketAddr> {
    let family = i32::from(u16::from_ne_bytes(*bytes.first_chunk()?));
    let port = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
    match family {
        libc::AF_INET => {
            let ip: [u8; 4] = *bytes.get(4..)?.first_chunk()?;
            Some((Ipv4Addr::from(ip), port).into())
        }
        libc::AF_INET6 => {
            let ip: [u8; 16] = *bytes.get(8..)?.first_chunk()?;
            let scope = u32::from_ne_bytes(*bytes.get(24..)?.first_chunk()?);
            Some(SocketAddrV6::new(Ipv6Addr::from(ip), port, 0, scope).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_system_lays_them_out() {
        let mut v4 = vec![0; IPV4];
        v4[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
        v4[2..8].copy_from_slice(&[0x1f, 0x90, 192, 0, 2, 1]);
        assert_eq!(address(&v4), Some("192.0.2.1:8080".parse().unwrap()));
        let mut v6 = vec![0; IPV6];
        v6[..2].copy_from_slice(&(libc::AF_INET6 as u16).to_ne_bytes());
        v6[2..4].copy_from_slice(&[0, 80]);
        v6[8] = 0x20;
        v6[23] = 1;
        assert_eq!(address(&v6), Some("[2000::1]:80".parse().unwrap()));
        assert_eq!(address(&v6[..27]), None, "it is cut off");
        v6[..2].copy_from_slice(&(libc::AF_UNIX as u16).to_ne_bytes());
        assert_eq!(address(&v6), None, "another family");
        assert_eq!(address(&[]), None);
    }
}

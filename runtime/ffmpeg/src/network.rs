//! The connections of a source: only TCP, and only to addresses of the public, or to those that the operator granted.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Builder;
use std::time::Duration;

use framebox_jail::connect::{Listener, Request};
use rustix::net::{AddressFamily, SocketFlags, SocketType, ipproto, socket_with, sockopt};

use crate::address::{is_own, is_public};
use crate::dns;
use crate::input::Network;

/// Where the C library asks for names when no file says another place (resolv.conf(5)).
const RESOLVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53);
/// Questions for names that are answered at once.
const MOST_ASKED: usize = 4;
/// Longest time for the next question.
const PATIENCE: Duration = Duration::from_secs(30);

/// Environment of a child: it asks for names over TCP, and once (resolv.conf(5)).
pub(crate) const ENVIRONMENT: (&str, &str) = ("RES_OPTIONS", "use-vc attempts:1 timeout:20");

/// Answers the connections that a child asks for.
pub(crate) struct Connections {
    network: Network,
    asked: Arc<AtomicUsize>,
    refused: Arc<AtomicBool>,
}

impl Connections {
    pub(crate) fn new(network: &Network) -> Self {
        Self { network: network.clone(), asked: Arc::default(), refused: Arc::default() }
    }

    /// Whether a connection was refused because its address is private.
    pub(crate) fn refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Answers the connection that is asked for. Returns at once.
    ///
    /// # Errors
    /// When the system does not let this process do so.
    pub(crate) fn answer(&self, listener: &Listener) -> io::Result<()> {
        let Some(request) = listener.receive()? else { return Ok(()) };
        match request.address() {
            None => request.refuse(libc::EAFNOSUPPORT),
            Some(RESOLVER) => self.resolve(request),
            Some(address) if is_allowed(&self.network, address) => connect(request, address),
            Some(address) => {
                self.refused.store(true, Ordering::Relaxed);
                tracing::warn!(%address, "a source leads to a private address that is not granted");
                request.refuse(libc::EACCES)
            }
        }
    }

    /// Gives the child a socket at whose other end its names are found.
    fn resolve(&self, request: Request<'_>) -> io::Result<()> {
        if self.asked.load(Ordering::Relaxed) >= MOST_ASKED {
            return request.refuse(libc::ECONNREFUSED);
        }
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(PATIENCE))?;
        let (network, asked, refused) = (self.network.clone(), self.asked.clone(), self.refused.clone());
        asked.fetch_add(1, Ordering::Relaxed);
        // Finding a name may take long. It ends with the child, which closes its end.
        let spawned = Builder::new().name("ffmpeg-names".into()).spawn(move || {
            let result = dns::serve(ours, |name| find(name, &network, &refused));
            asked.fetch_sub(1, Ordering::Relaxed);
            if let Err(error) = result {
                tracing::debug!(%error, "a source asks for no name");
            }
        });
        if spawned.is_err() {
            self.asked.fetch_sub(1, Ordering::Relaxed);
            return request.refuse(libc::ECONNREFUSED);
        }
        request.give(&theirs.into(), 0)
    }
}

/// The addresses of a name, but for those that are not allowed on any port.
fn find(name: &str, network: &Network, refused: &AtomicBool) -> Vec<IpAddr> {
    // The port is looked at when it is connected to.
    let found = (name, 0).to_socket_addrs().map(Vec::from_iter).unwrap_or_default();
    let (allowed, others): (Vec<_>, Vec<_>) =
        found.into_iter().map(|address| address.ip()).partition(|ip| is_allowed(network, SocketAddr::new(*ip, 0)));
    if allowed.is_empty() && !others.is_empty() {
        refused.store(true, Ordering::Relaxed);
        tracing::warn!(address = %others[0], "the name of a source stands for a private address that is not granted");
    }
    allowed
}

fn is_allowed(network: &Network, address: SocketAddr) -> bool {
    network.grants(address) || is_public(address.ip()) && !is_own(address.ip())
}

/// Connects a socket of this process, and gives it to the child while it is still being connected.
fn connect(request: Request<'_>, address: SocketAddr) -> io::Result<()> {
    let blocks = request.blocks();
    match begin(address) {
        Ok(socket) => {
            // The child waits for what it was told is in progress. A library that would wait here itself has to do without.
            request.give(&socket, if blocks { libc::EAGAIN } else { libc::EINPROGRESS })
        }
        Err(error) => request.refuse(error.raw_os_error()),
    }
}

fn begin(address: SocketAddr) -> rustix::io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP))?;
    // What the child has set on its own socket is lost.
    sockopt::set_tcp_nodelay(&socket, true)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Input;

    #[test]
    fn names_of_private_addresses_are_not_found_unless_granted() {
        let network = |private: &[&str]| {
            let private: Vec<_> = private.iter().map(|&range| range.to_owned()).collect();
            let Input::Network(network) = Input::parse("http://localhost:1/", &private).unwrap() else { panic!() };
            network
        };
        let refused = AtomicBool::new(false);
        assert_eq!(find("localhost", &network(&["127.0.0.0/8"]), &refused), [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        assert!(!refused.load(Ordering::Relaxed));
        assert_eq!(find("localhost", &network(&[]), &refused), [] as [IpAddr; 0]);
        assert!(refused.load(Ordering::Relaxed));
    }
}

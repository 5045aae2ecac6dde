//! A connection's part of the port.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use webrtc::runtime::AsyncUdpSocket;

use super::inbox::Inbox;
use super::socket::VirtualSocket;
use super::stream::Streams;
use super::{SharedPort, udp};
use crate::backend::socket::Wall;
use crate::path::router::ConnectionId;

/// What the tasks of the port know of a connection.
pub struct Inner {
    inboxes: HashMap<IpAddr, Arc<Inbox>>,
    /// Its TCP streams.
    pub streams: Arc<Streams>,
    /// Cancelled with the registration.
    pub ended: CancellationToken,
}

impl Inner {
    /// The queue of a local address.
    pub fn inbox(&self, local: IpAddr) -> Option<Arc<Inbox>> {
        self.inboxes.get(&local).cloned()
    }
}

/// A connection's part of the port. When it is dropped nothing of the connection is left in the port.
pub struct Registration {
    port: Arc<SharedPort>,
    id: ConnectionId,
    inner: Arc<Inner>,
    udp: HashMap<IpAddr, Arc<dyn AsyncUdpSocket>>,
    /// Addresses at which the port is open for TCP.
    tcp: Vec<SocketAddr>,
    /// For each socket that the library bound, the address that it stands for.
    stands_for: Mutex<Vec<(SocketAddr, SocketAddr)>>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Registration").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Registration {
    /// Adds a connection that uses these sockets.
    pub fn new(port: Arc<SharedPort>, udp: HashMap<IpAddr, Arc<dyn AsyncUdpSocket>>, tcp: Vec<SocketAddr>) -> Self {
        let inner = Arc::new(Inner {
            inboxes: udp.keys().map(|address| (*address, Arc::default())).collect(),
            streams: Arc::default(),
            ended: CancellationToken::new(),
        });
        let id = {
            let mut table = port.table.lock();
            table.next += 1;
            let id = table.next;
            table.router.add(id);
            table.connections.insert(id, inner.clone());
            id
        };
        Self { port, id, inner, udp, tcp, stands_for: Mutex::default() }
    }

    /// The addresses on which the port is open.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.udp.keys().copied()
    }

    /// The addresses at which it is open for TCP.
    pub fn tcp(&self) -> &[SocketAddr] {
        &self.tcp
    }

    /// The port's number.
    pub fn number(&self) -> u16 {
        self.udp.values().find_map(|socket| Some(socket.local_addr().ok()?.port())).unwrap_or_default()
    }

    /// For each socket that the library bound, the address that it stands for.
    pub fn stands_for(&self) -> Vec<(SocketAddr, SocketAddr)> {
        self.stands_for.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds a user name fragment of ours.
    pub fn answered(&self, fragment: &str) {
        self.port.table.lock().router.answered(self.id, fragment);
    }

    /// Notes what is sent.
    pub fn sending(&self, to: SocketAddr, contents: &[u8], server: bool) {
        self.port.table.lock().router.sending(self.id, to, contents, server);
    }

    /// Its TCP streams.
    pub fn streams(&self) -> &Streams {
        &self.inner.streams
    }

    /// A virtual socket in the place of one that the library bound. With `own`, messages for a TURN server go through that one:
    /// there an allocation belongs to an address and port, which connections cannot share.
    ///
    /// # Errors
    /// When the port is not open on the address, or the system refuses.
    pub fn socket(self: &Arc<Self>, bound: UdpSocket, own: bool, wall: Arc<Wall>) -> io::Result<VirtualSocket> {
        let local = bound.local_addr()?;
        let not_open = || io::Error::from(io::ErrorKind::AddrNotAvailable);
        let real = self.udp.get(&local.ip()).cloned().ok_or_else(not_open)?;
        let inbox = self.inner.inbox(local.ip()).ok_or_else(not_open)?;
        self.stands_for.lock().unwrap_or_else(PoisonError::into_inner).push((local, real.local_addr()?));
        let own = if own { Some(udp::wrap(bound)?) } else { None };
        Ok(VirtualSocket::new(self.clone(), real, own, inbox, wall))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.inner.ended.cancel();
        let mut table = self.port.table.lock();
        table.router.remove(self.id);
        table.connections.remove(&self.id);
    }
}

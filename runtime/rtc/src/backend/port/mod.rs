//! The one port that all connections share: a UDP socket for each local address, and a TCP listener on the same number.
//!
//! The library has sockets of its own for each connection; it gets virtual ones, which send through the real socket and receive
//! from a queue. What comes by TCP goes into the same queue and looks to the library like datagrams from another address: one
//! way in, behind one wall, for all.
//!
//! | module | what it holds |
//! |---|---|
//! | `inbox` | the queue of one connection |
//! | `framing` | datagrams within a TCP stream |
//! | `bind` | sockets on the same number |
//! | `udp` | receives, and passes on to the connections |
//! | `tcp` | accepts, and finds the connection of each stream |
//! | `stream` | a TCP stream of one connection |
//! | `registration` | a connection's part of the port |
//! | `socket` | a virtual socket |

mod bind;
mod framing;
mod inbox;
mod registration;
mod socket;
mod stream;
mod tcp;
mod udp;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;
use webrtc::runtime::AsyncUdpSocket;

pub use registration::Registration;

use crate::path::Router;
use crate::path::router::ConnectionId;

/// Who gets what arrives.
#[derive(Default)]
struct Table {
    router: Router,
    connections: HashMap<ConnectionId, Arc<registration::Inner>>,
    next: ConnectionId,
}

/// The table, shared with the tasks that receive.
#[derive(Default)]
struct SharedTable(Mutex<Table>);

impl SharedTable {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The port. It is open for as long as the transport or a connection holds it.
pub struct SharedPort {
    /// The configured number; 0 lets the system choose.
    configured: u16,
    with_tcp: bool,
    table: Arc<SharedTable>,
    open: Mutex<Open>,
}

/// The sockets that are open.
#[derive(Default)]
struct Open {
    number: Option<u16>,
    udp: HashMap<IpAddr, Arc<dyn AsyncUdpSocket>>,
    tcp: HashMap<IpAddr, SocketAddr>,
    /// Ends the tasks when it is dropped.
    tasks: JoinSet<()>,
}

impl SharedPort {
    /// A port with this number, 0 for any; its sockets are bound for the first connection.
    pub fn new(configured: u16, with_tcp: bool) -> Self {
        Self { configured, with_tcp, table: Arc::default(), open: Mutex::default() }
    }

    /// Adds a connection, and opens the port on those of the addresses on which it is not open yet.
    ///
    /// # Errors
    /// When none of them can be bound.
    pub fn register(self: &Arc<Self>, addresses: &[IpAddr]) -> std::io::Result<Registration> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.bind(&mut open, addresses)?;
        let udp: HashMap<_, _> =
            addresses.iter().filter_map(|address| Some((*address, open.udp.get(address)?.clone()))).collect();
        let tcp = addresses.iter().filter_map(|address| open.tcp.get(address).copied()).collect();
        Ok(Registration::new(self.clone(), udp, tcp))
    }

    fn bind(&self, open: &mut Open, addresses: &[IpAddr]) -> std::io::Result<()> {
        let missing: Vec<IpAddr> =
            addresses.iter().filter(|address| !open.udp.contains_key(address)).copied().collect();
        let number = open.number.unwrap_or(self.configured);
        let mut failed = None;
        if !missing.is_empty() {
            for bound in bind::all(&missing, number, self.with_tcp) {
                match bound {
                    Ok(bound) => {
                        open.number = Some(bound.number);
                        let socket = udp::wrap(bound.udp)?;
                        open.tasks.spawn(udp::receive(socket.clone(), bound.address, self.table.clone()));
                        open.udp.insert(bound.address, socket);
                        if let Some(listener) = bound.tcp {
                            let listener = tokio::net::TcpListener::from_std(listener)?;
                            open.tcp.insert(bound.address, listener.local_addr()?);
                            open.tasks.spawn(tcp::accept(listener, bound.address, self.table.clone()));
                        }
                    }
                    Err(error) => failed = Some(error),
                }
            }
        }
        match failed {
            Some(error) if !addresses.iter().any(|address| open.udp.contains_key(address)) => Err(error),
            _ => Ok(()),
        }
    }
}

//! Accepts TCP streams, and finds the connection of each by its first check.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::SharedTable;
use super::framing::Deframer;
use super::registration::Inner;
use super::stream::{self, Joined};
use crate::path::Stun;

/// Time for a stream's first check.
const DEADLINE: Duration = Duration::from_secs(5);
/// Streams of which it is not known yet whose they are.
const MAX_WAITING: usize = 256;
/// Those of one address.
const MAX_WAITING_OF_ADDRESS: usize = 16;
/// What the system keeps of one stream until it is sent, bytes: it delays media.
const SEND_BUFFER: usize = 64 * 1024;
/// Time before the next attempt after an error.
const PAUSE: Duration = Duration::from_millis(100);

/// Streams of which it is not known yet whose they are, by address.
#[derive(Default)]
struct Waiting(Mutex<HashMap<IpAddr, usize>>);

/// One of them.
struct Place {
    waiting: Arc<Waiting>,
    address: IpAddr,
}

impl Waiting {
    fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.values().sum::<usize>() >= MAX_WAITING {
            return None;
        }
        let number = waiting.entry(address).or_default();
        if *number >= MAX_WAITING_OF_ADDRESS {
            return None;
        }
        *number += 1;
        Some(Place { waiting: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = waiting.get_mut(&self.address) {
            *number -= 1;
            if *number == 0 {
                waiting.remove(&self.address);
            }
        }
    }
}

/// Accepts streams for as long as the port is open; the task owns those of all its streams.
pub async fn accept(listener: TcpListener, local: IpAddr, table: Arc<SharedTable>) {
    let waiting = Arc::<Waiting>::default();
    let mut streams = JoinSet::new();
    loop {
        while streams.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Beyond the bounds it is closed at once.
                if let Some(place) = waiting.enter(peer.ip()) {
                    streams.spawn(serve(stream, peer, local, place, table.clone()));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a TCP stream could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, local: IpAddr, place: Place, table: Arc<SharedTable>) {
    // Best effort: without them media is later.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
    let found = timeout(DEADLINE, find(stream, peer, &table)).await;
    drop(place);
    let Ok(Some((joined, connection))) = found else { return };
    let Some(inbox) = connection.inbox(local) else { return };
    tokio::select! {
        () = connection.ended.cancelled() => {}
        () = stream::serve(joined, connection.streams.clone(), inbox) => {}
    }
}

/// Reads up to the first check; `None` when the stream begins with something else, or is nobody's.
async fn find(mut stream: TcpStream, peer: SocketAddr, table: &SharedTable) -> Option<(Joined, Arc<Inner>)> {
    let (mut deframer, mut first) = (Deframer::default(), Vec::new());
    let mut buffer = [0; 2048];
    while first.is_empty() {
        let size = stream.read(&mut buffer).await.ok().filter(|size| *size > 0)?;
        deframer.push(&buffer[..size], |datagram| first.push(datagram.to_vec())).ok()?;
    }
    let check = first.first()?;
    if !matches!(Stun::read(check), Some(Stun::Request(..))) {
        return None;
    }
    let connection = {
        let mut table = table.lock();
        let connection = table.router.route(peer, check)?;
        table.connections.get(&connection)?.clone()
    };
    Some((Joined { stream, peer, first, deframer }, connection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_wait_are_bounded_in_all_and_for_each_address() {
        let waiting = Arc::<Waiting>::default();
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        let mut places: Vec<Place> = (0..100).filter_map(|_| waiting.enter(address(1))).collect();
        assert_eq!(places.len(), MAX_WAITING_OF_ADDRESS);
        places.extend((2..1000).filter_map(|number| waiting.enter(address(number))));
        assert_eq!(places.len(), MAX_WAITING);
        places.clear();
        assert!(waiting.0.lock().unwrap().is_empty() && waiting.enter(address(1)).is_some());
    }
}

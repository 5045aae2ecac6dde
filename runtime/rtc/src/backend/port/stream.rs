//! TCP streams of one connection (RFC 6544), each with a bounded queue of what is to be written.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::framing::{Deframer, frame};
use super::inbox::Inbox;
use crate::path::is_check;

/// Streams of one connection.
pub const MAX_STREAMS: usize = 8;
/// What waits to be written to one stream, bytes. It adds to the delay; what finds no room is lost.
const MAX_WAITING: usize = 64 * 1024;
/// What waits with checks among it.
const MAX_WAITING_WITH_CHECKS: usize = 80 * 1024;
/// Time for which a peer may read nothing.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time before the next attempt when the connection's queue is full. The peer waits meanwhile.
const PAUSE: Duration = Duration::from_millis(2);

/// The streams of a connection by their peer's address.
#[derive(Default)]
pub struct Streams {
    number: AtomicUsize,
    outboxes: Mutex<HashMap<SocketAddr, Arc<Outbox>>>,
}

/// What is to be written to one stream.
#[derive(Default)]
struct Outbox {
    waiting: Mutex<Vec<u8>>,
    arrived: Notify,
}

impl Streams {
    /// Sends datagrams through the stream to an address. Returns whether there is one; what finds no room in it is lost.
    pub fn send<'a>(&self, to: SocketAddr, datagrams: impl Iterator<Item = &'a [u8]>) -> bool {
        if self.number.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let outbox = self.outboxes.lock().unwrap_or_else(PoisonError::into_inner).get(&to).cloned();
        let Some(outbox) = outbox else { return false };
        outbox.push(datagrams);
        true
    }

    fn add(&self, peer: SocketAddr) -> Option<Arc<Outbox>> {
        let mut outboxes = self.outboxes.lock().unwrap_or_else(PoisonError::into_inner);
        if outboxes.len() >= MAX_STREAMS {
            return None;
        }
        let outbox = Arc::<Outbox>::default();
        outboxes.insert(peer, outbox.clone());
        self.number.store(outboxes.len(), Ordering::Relaxed);
        Some(outbox)
    }

    fn remove(&self, peer: SocketAddr) {
        let mut outboxes = self.outboxes.lock().unwrap_or_else(PoisonError::into_inner);
        outboxes.remove(&peer);
        self.number.store(outboxes.len(), Ordering::Relaxed);
    }
}

impl Outbox {
    fn push<'a>(&self, datagrams: impl Iterator<Item = &'a [u8]>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for datagram in datagrams {
            let room = if is_check(datagram) { MAX_WAITING_WITH_CHECKS } else { MAX_WAITING };
            if waiting.len() + datagram.len() <= room {
                frame(&mut waiting, datagram);
            }
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Waits for something to write.
    async fn take(&self) -> Vec<u8> {
        loop {
            let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !waiting.is_empty() {
                return waiting;
            }
            self.arrived.notified().await;
        }
    }
}

/// A stream whose connection is known.
pub struct Joined {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    /// What was read of it so far.
    pub first: Vec<Vec<u8>>,
    pub deframer: Deframer,
}

/// Serves a stream until either side closes it.
pub async fn serve(joined: Joined, streams: Arc<Streams>, inbox: Arc<Inbox>) {
    let Joined { stream, peer, first, deframer } = joined;
    let Some(outbox) = streams.add(peer) else { return };
    let _removal = Removal { streams: &streams, peer };
    let (reader, writer) = stream.into_split();
    for datagram in first {
        inbox.push(peer, &datagram);
    }
    tokio::select! {
        () = read(reader, peer, deframer, &inbox) => {}
        () = write(writer, &outbox) => {}
    }
}

/// Removes a stream when it ends, in whatever way.
struct Removal<'a> {
    streams: &'a Streams,
    peer: SocketAddr,
}

impl Drop for Removal<'_> {
    fn drop(&mut self) {
        self.streams.remove(self.peer);
    }
}

async fn read(mut reader: OwnedReadHalf, peer: SocketAddr, mut deframer: Deframer, inbox: &Inbox) {
    let mut buffer = vec![0; 16 * 1024];
    let mut refused = Vec::new();
    while let Ok(size @ 1..) = reader.read(&mut buffer).await {
        let found = deframer.push(&buffer[..size], |datagram| {
            if !refused.is_empty() || !inbox.push(peer, datagram) {
                refused.push(datagram.to_vec());
            }
        });
        if found.is_err() {
            return;
        }
        for datagram in refused.drain(..) {
            while !inbox.push(peer, &datagram) {
                sleep(PAUSE).await;
            }
        }
    }
}

async fn write(mut writer: OwnedWriteHalf, outbox: &Outbox) {
    loop {
        let bytes = outbox.take().await;
        if !matches!(timeout(WRITE_TIMEOUT, writer.write_all(&bytes)).await, Ok(Ok(()))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_reads_nothing_fills_no_memory() {
        let (streams, peer) = (Streams::default(), SocketAddr::from(([127, 0, 0, 1], 5000)));
        let datagram = [0x80; 1200];
        assert!(!streams.send(peer, [&datagram[..]].into_iter()), "there is no stream");
        let outbox = streams.add(peer).unwrap();
        let waiting = || outbox.waiting.lock().unwrap().len();
        for _ in 0..1000 {
            assert!(streams.send(peer, [&datagram[..]; 10].into_iter()));
        }
        let media = waiting();
        assert!((MAX_WAITING - 1300..=MAX_WAITING + 2).contains(&media), "{media}");
        let check = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        streams.send(peer, [&check[..]].into_iter());
        assert_eq!(waiting(), media + 22, "checks have room");
        (0..10_000).for_each(|_| _ = streams.send(peer, [&check[..]].into_iter()));
        assert!(waiting() <= MAX_WAITING_WITH_CHECKS + 2);
        streams.remove(peer);
        assert!(!streams.send(peer, [&datagram[..]].into_iter()));
    }
}

//! Receives on a UDP socket for all connections.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Runtime, TokioRuntime};

use super::SharedTable;
use super::framing::MAX_DATAGRAM;

/// Reads of which each may have several datagrams of one sender, in one call of the system.
const BATCH: usize = 8;
/// What one of them may have, bytes.
const SEGMENT: usize = 1500;
/// Time before the next attempt after an error that is not of one datagram.
const PAUSE: Duration = Duration::from_millis(100);

/// Makes a socket of a bound one.
///
/// # Errors
/// Those of the system.
pub fn wrap(socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
    TokioRuntime.wrap_udp_socket(socket)
}

/// Receives, and passes each datagram on to its connection; what is nobody's is dropped.
pub async fn receive(socket: Arc<dyn AsyncUdpSocket>, local: IpAddr, table: Arc<SharedTable>) {
    let size = MAX_DATAGRAM.max(socket.max_gro_segments() * SEGMENT);
    let mut buffers = vec![vec![0; size]; BATCH];
    let mut meta = [RecvMeta::default(); BATCH];
    loop {
        let received = std::future::poll_fn(|context| {
            let mut slices = Vec::with_capacity(BATCH);
            slices.extend(buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)));
            socket.poll_recv(context, &mut slices, &mut meta)
        });
        match received.await {
            Ok(number) => {
                for (buffer, meta) in buffers.iter().zip(&meta).take(number) {
                    pass_on(&table, local, meta, &buffer[..meta.len.min(size)]);
                }
            }
            // Of a datagram that was sent to somebody who is not there any more.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(error) => {
                tracing::debug!(%error, %local, "nothing can be received");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Passes datagrams of one sender on, each of `stride` bytes, the last one possibly shorter.
fn pass_on(table: &SharedTable, local: IpAddr, meta: &RecvMeta, datagrams: &[u8]) {
    for datagram in datagrams.chunks(meta.stride.max(1)).filter(|datagram| datagram.len() <= MAX_DATAGRAM) {
        let inbox = {
            let mut table = table.lock();
            let connection = table.router.route(meta.addr, datagram);
            connection.and_then(|connection| table.connections.get(&connection)?.inbox(local))
        };
        if let Some(inbox) = inbox {
            inbox.push(meta.addr, datagram);
        }
    }
}

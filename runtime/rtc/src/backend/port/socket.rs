//! A virtual socket of one connection at one local address.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

use super::inbox::Inbox;
use super::registration::Registration;
use crate::backend::socket::Wall;
use crate::path::Stun;

/// Sends through the port's socket, and receives from the connection's queue.
#[derive(Debug)]
pub struct VirtualSocket {
    registration: Arc<Registration>,
    real: Arc<dyn AsyncUdpSocket>,
    /// For TURN servers.
    own: Option<Arc<dyn AsyncUdpSocket>>,
    inbox: Arc<Inbox>,
    wall: Arc<Wall>,
}

impl VirtualSocket {
    /// A socket of the connection with this registration.
    pub fn new(
        registration: Arc<Registration>,
        real: Arc<dyn AsyncUdpSocket>,
        own: Option<Arc<dyn AsyncUdpSocket>>,
        inbox: Arc<Inbox>,
        wall: Arc<Wall>,
    ) -> Self {
        Self { registration, real, own, inbox, wall }
    }
}

impl AsyncUdpSocket for VirtualSocket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.real.local_addr()
    }

    fn poll_send(&self, context: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let (to, contents) = (transmit.destination, transmit.contents);
        let server = self.wall.limits().addresses.is_server(to);
        let stun = Stun::read(contents);
        if server
            && !matches!(stun, Some(Stun::Request(..)))
            && let Some(own) = &self.own
        {
            return own.poll_send(context, transmit);
        }
        if stun.is_some() {
            self.registration.sending(to, contents, server);
        }
        let datagrams = contents.chunks(transmit.segment_size.unwrap_or(contents.len()).max(1));
        if self.registration.streams().send(to, datagrams) {
            return Poll::Ready(Ok(contents.len()));
        }
        match self.real.poll_send(context, transmit) {
            // The system's buffer is full. Others wait for the socket, too, and it wakes but one: what finds no room is lost.
            Poll::Pending => Poll::Ready(Ok(contents.len())),
            sent => sent,
        }
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta_of_first)) = (buffers.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        if let Poll::Ready((from, datagram)) = self.inbox.poll(context) {
            let len = datagram.len().min(buffer.len());
            buffer[..len].copy_from_slice(&datagram[..len]);
            *meta_of_first = RecvMeta::default();
            (meta_of_first.addr, meta_of_first.len, meta_of_first.stride) = (from, len, len.max(1));
            return Poll::Ready(Ok(1));
        }
        match &self.own {
            Some(own) => own.poll_recv(context, buffers, meta),
            None => Poll::Pending,
        }
    }

    fn max_gso_segments(&self) -> usize {
        self.real.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.own.as_ref().map_or(1, |own| own.max_gro_segments())
    }
}

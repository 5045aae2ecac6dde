//! A UDP socket of one connection, which reads and sends what the connection may.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use webrtc::runtime::{AsyncUdpSocket, RecvMeta, Transmit};

use crate::path::{AddressValidation, INDICATION, InboundLimits, is_check};

/// Batches of datagrams that are passed over before other tasks have their turn.
const MAX_PASSED_OVER: usize = 64;

/// First byte of a DTLS record with a message of the handshake (RFC 6347 section 4.1).
const DTLS_HANDSHAKE: u8 = 22;
/// Bytes of such a datagram that are kept.
const MAX_HELD: usize = 1500;

/// What all sockets of a connection share.
#[derive(Debug, Default)]
pub struct Wall(Mutex<Limits>);

/// What a connection may send and receive.
#[derive(Debug, Default)]
pub struct Limits {
    /// Which addresses receive.
    pub addresses: AddressValidation,
    /// How much of each kind is read.
    pub inbound: InboundLimits,
    /// The peer is silent: nothing is sent but checks until it is back (consent, RFC 7675 section 5.1).
    pub silent: bool,
    /// The beginning of a handshake for which too little came from its address yet, and the address.
    held: Option<(SocketAddr, Vec<u8>)>,
}

impl Wall {
    /// Returns the limits, locked.
    pub fn limits(&self) -> MutexGuard<'_, Limits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limits {
    fn admit(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> bool {
        self.addresses.received(now, from, datagram)
            && if self.addresses.is_server(from) {
                self.inbound.admit_relayed(now, datagram)
            } else {
                self.inbound.admit(now, datagram)
            }
    }

    /// Returns whether `datagrams` datagrams, together `contents`, are sent to an address.
    fn sending(&mut self, now: Instant, to: SocketAddr, contents: &[u8], datagrams: usize) -> bool {
        (!self.silent || is_check(contents)) && self.addresses.sending(now, to, contents, datagrams)
    }

    /// Keeps the beginning of a DTLS handshake that was not sent until more came from its address: it is sent along with the
    /// answer to the peer's first check, and would be repeated only after a second.
    fn hold(&mut self, to: SocketAddr, contents: &[u8]) {
        if contents.first() == Some(&DTLS_HANDSHAKE) && contents.len() <= MAX_HELD && !self.silent {
            self.held = Some((to, contents.to_vec()));
        }
    }

    /// Returns what was kept for an address from which something came, if it is sent now.
    fn release(&mut self, now: Instant, from: SocketAddr) -> Option<Vec<u8>> {
        let (to, contents) = self.held.take_if(|(to, _)| *to == from)?;
        if self.sending(now, to, &contents, 1) {
            return Some(contents);
        }
        self.held = Some((to, contents));
        None
    }

    /// Removes what is not read from datagrams of `stride` bytes each, the last one possibly shorter. Returns how many bytes
    /// are left.
    ///
    /// Where media shows that the peer has moved, an indication takes the place of them all: ICE, which sees no media, checks
    /// the address from which it comes (`vendor/README.md`).
    fn filter(&mut self, now: Instant, from: SocketAddr, datagrams: &mut [u8], stride: usize) -> usize {
        let mut kept = 0;
        for start in (0..datagrams.len()).step_by(stride.max(1)) {
            let end = (start + stride.max(1)).min(datagrams.len());
            let datagram = &datagrams[start..end];
            if self.inbound.is_familiar(datagram)
                && datagram.len() >= INDICATION.len()
                && self.addresses.media(now, from, datagram.len())
            {
                datagrams[..INDICATION.len()].copy_from_slice(&INDICATION);
                return INDICATION.len();
            }
            if self.admit(now, from, &datagrams[start..end]) {
                datagrams.copy_within(start..end, kept);
                kept += end - start;
            }
        }
        kept
    }
}

/// A UDP socket of one connection.
#[derive(Debug)]
pub struct Socket {
    inner: Arc<dyn AsyncUdpSocket>,
    wall: Arc<Wall>,
}

impl Socket {
    /// The socket `inner` of the connection that `wall` belongs to.
    pub fn new(inner: Arc<dyn AsyncUdpSocket>, wall: Arc<Wall>) -> Self {
        Self { inner, wall }
    }
}

impl AsyncUdpSocket for Socket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn poll_send(&self, context: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        let (contents, to) = (transmit.contents, transmit.destination);
        let datagrams = transmit.segment_size.map_or(1, |size| contents.len().div_ceil(size.max(1)));
        let mut limits = self.wall.limits();
        if !limits.sending(Instant::now(), to, contents, datagrams) {
            // As if the network lost it.
            limits.hold(to, contents);
            return Poll::Ready(Ok(contents.len()));
        }
        drop(limits);
        match ready!(self.inner.poll_send(context, transmit)) {
            // An interface that is gone may come back; the library would end the connection at once.
            Err(error) => {
                tracing::debug!(%error, %to, "a datagram could not be sent");
                Poll::Ready(Ok(contents.len()))
            }
            sent => Poll::Ready(sent),
        }
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if buffers.is_empty() || meta.is_empty() {
            return Poll::Ready(Ok(0));
        }
        for _ in 0..MAX_PASSED_OVER {
            let received = ready!(self.inner.poll_recv(context, &mut buffers[..1], &mut meta[..1]))?;
            let RecvMeta { addr, len, stride, .. } = meta[0];
            let length = len.min(buffers[0].len());
            let now = Instant::now();
            let mut limits = self.wall.limits();
            let kept = limits.filter(now, addr, &mut buffers[0][..length], stride);
            let released = limits.release(now, addr);
            drop(limits);
            if let Some(contents) = released {
                let transmit =
                    Transmit { destination: addr, contents: &contents, ecn: None, segment_size: None, src_ip: None };
                // When the socket is full, it is lost, and repeated.
                let _ = self.inner.poll_send(context, &transmit);
            }
            if kept > 0 {
                meta[0].len = kept;
                return Poll::Ready(Ok(received));
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn max_gso_segments(&self) -> usize {
        self.inner.max_gso_segments()
    }

    fn max_gro_segments(&self) -> usize {
        self.inner.max_gro_segments()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_gets_checks_alone() {
        let (to, now) = (SocketAddr::from(([192, 0, 2, 1], 5000)), Instant::now());
        let mut limits = Limits::default();
        limits.addresses.trust(to);
        let (check, media) = ([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [0x80; 30]);
        let (relayed_check, relayed_media) =
            ([&[0x40, 0, 0, 20], &check[..]].concat(), [&[0x40, 0, 0, 30], &media[..]].concat());
        limits.addresses.received(now, to, &relayed_check);
        for (silent, datagram, sent) in [
            (false, &media[..], true),
            (true, &media, false),
            (true, &check, true),
            (true, &relayed_media, false),
            (true, &relayed_check, true),
        ] {
            limits.silent = silent;
            assert_eq!(limits.sending(now, to, datagram, 1), sent, "{datagram:?}");
        }
    }

    #[test]
    fn a_handshake_waits_until_enough_came() {
        let (to, now) = (SocketAddr::from(([127, 0, 0, 1], 5000)), Instant::now());
        let mut limits = Limits::default();
        limits.addresses.answered("mine");
        let request = *b"\0\x01\0\x0c\x21\x12\xa4\x42trans-action\0\x06\0\x06mine:x\0\0";
        assert!(limits.admit(now, to, &request));
        let (hello, media) = ([DTLS_HANDSHAKE; 120], [0x80; 120]);
        for contents in [hello, media] {
            assert!(!limits.sending(now, to, &contents, 1));
            limits.hold(to, &contents);
        }
        assert_eq!(limits.release(now, to), None, "nothing more came yet");
        assert!(limits.admit(now, to, &request));
        assert_eq!(limits.release(now, SocketAddr::from(([127, 0, 0, 1], 5001))), None);
        assert_eq!(limits.release(now, to), Some(hello.to_vec()));
        assert_eq!(limits.release(now, to), None, "it is sent once");
    }

    #[test]
    fn datagrams_that_arrive_together_are_judged_one_by_one() {
        let from = SocketAddr::from(([127, 0, 0, 1], 5000));
        let mut limits = Limits::default();
        limits.addresses.answered("mine");
        let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 6, 0, 6];
        request.extend(b"mine:x\0\0");
        let unknown = vec![b'x'; request.len()];
        let mut batch = [&unknown[..], &request, &unknown, &request, &request[..20]].concat();
        let kept = limits.filter(Instant::now(), from, &mut batch, request.len());
        assert_eq!(batch[..kept], [&request[..], &request, &request[..20]].concat());
        assert_eq!(limits.filter(Instant::now(), from, &mut [], 0), 0);
    }

    #[test]
    fn where_the_peer_moved_ice_is_told_of_its_address() {
        let (start, mut limits) = (Instant::now(), Limits::default());
        let [before, after] = [5000, 5002].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        limits.addresses.answered("mine");
        let message = |kind: [u8; 2], attributes: &[u8]| {
            [&kind[..], &[0, attributes.len() as u8], b"\x21\x12\xa4\x42trans-action", attributes].concat()
        };
        let check = message([0, 1], b"\0\x06\0\x06mine:x\0\0");
        let mut media = [&[0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 7][..], &[0; 300]].concat().repeat(2);
        let stride = media.len() / 2;
        assert!(limits.admit(start, before, &check));
        assert!(limits.sending(start, before, &check, 1));
        assert!(limits.admit(start, before, &message([1, 1], b"")));
        assert_eq!(limits.filter(start, before, &mut media, stride), 2 * stride);
        assert_eq!(limits.filter(start, after, &mut media, stride), 0);
        let later = start + std::time::Duration::from_millis(500);
        assert_eq!(limits.filter(later, after, &mut media.clone(), stride), INDICATION.len());
        assert_eq!(limits.filter(later, after, &mut media, stride), 2 * stride, "the camera goes on meanwhile");
        let mut strange = media.clone();
        strange[8..12].copy_from_slice(&[9; 4]);
        let elsewhere = SocketAddr::from(([127, 0, 0, 1], 5004));
        let latest = later + std::time::Duration::from_secs(1);
        assert_eq!(limits.filter(latest, elsewhere, &mut strange[..stride], stride), 0, "another source");
    }
}

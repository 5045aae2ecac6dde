//! A runtime for the client, whose sockets lose media packets and whose tasks can be ended.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::AbortHandle;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, RecvMeta, Runtime, TokioRuntime,
    Transmit,
};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Loss of media packets in each direction: one of this many is lost; 0 loses none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loss {
    /// Loss of the packets that the client sends.
    pub up: usize,
    /// Loss of the packets that it receives.
    pub down: usize,
}

/// The runtime.
#[derive(Debug)]
pub struct Network {
    loss: Loss,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Network {
    /// A network with this loss.
    pub fn new(loss: Loss) -> Self {
        Self { loss, tasks: Mutex::default() }
    }

    /// Ends every task and closes every socket with it.
    pub fn kill(&self) {
        for task in self.tasks.lock().unwrap().drain(..) {
            task.abort();
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.kill();
    }
}

struct Handle(AbortHandle);

impl JoinHandle for Handle {
    fn detach(&self) {}

    fn abort(&self) {
        self.0.abort();
    }

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

#[derive(Debug)]
struct Socket {
    inner: Arc<dyn AsyncUdpSocket>,
    loss: Loss,
    sent: AtomicUsize,
    received: AtomicUsize,
}

/// Returns whether a datagram is RTP, not RTCP nor a handshake (RFC 5761, RFC 7983).
fn is_media(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, kind, ..] if !(64..=95).contains(&(kind & 0x7f)))
}

fn is_lost(datagram: &[u8], count: &AtomicUsize, every: usize) -> bool {
    every != 0 && is_media(datagram) && count.fetch_add(1, Ordering::Relaxed) % every == every / 2
}

impl AsyncUdpSocket for Socket {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn poll_send(&self, context: &mut Context<'_>, transmit: &Transmit<'_>) -> Poll<io::Result<usize>> {
        if is_lost(transmit.contents, &self.sent, self.loss.up) {
            return Poll::Ready(Ok(transmit.contents.len()));
        }
        self.inner.poll_send(context, transmit)
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let received = std::task::ready!(self.inner.poll_recv(context, &mut buffers[..1], &mut meta[..1]))?;
            // Several datagrams of the same size may arrive in one buffer.
            let (length, stride) = (meta[0].len, meta[0].stride.max(1));
            let mut kept = 0;
            for start in (0..length).step_by(stride) {
                let end = (start + stride).min(length);
                if !is_lost(&buffers[0][start..end], &self.received, self.loss.down) {
                    buffers[0].copy_within(start..end, kept);
                    kept += end - start;
                }
            }
            if kept > 0 {
                meta[0].len = kept;
                return Poll::Ready(Ok(received));
            }
        }
    }

    fn max_gro_segments(&self) -> usize {
        self.inner.max_gro_segments()
    }
}

impl Runtime for Network {
    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        let handle = tokio::spawn(future).abort_handle();
        self.tasks.lock().unwrap().push(handle.clone());
        Box::new(Handle(handle))
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let inner = TokioRuntime.wrap_udp_socket(socket)?;
        let (sent, received) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Ok(Arc::new(Socket { inner, loss: self.loss, sent, received }))
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        TokioRuntime.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(&'a self, remote: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        TokioRuntime.connect_tcp(remote)
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        TokioRuntime.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        TokioRuntime.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        TokioRuntime.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        TokioRuntime.block_on(future);
    }
}

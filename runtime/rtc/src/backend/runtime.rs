//! Tokio for the RTP library, with an owner: the tasks that it spawns end with the connection, and the end of the main one is
//! noticed.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime, TokioRuntime,
};

use super::port::Registration;
use super::socket::{Socket, Wall};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The library's tasks for one connection.
#[derive(Debug, Default)]
pub struct Tasks {
    handles: Mutex<Vec<AbortHandle>>,
    /// Cancelled when the main task ends, or any task panics.
    ended: CancellationToken,
}

impl Tasks {
    /// A token that is cancelled when the main task ends, in whatever way, or any task of the connection panics: the
    /// connection is of no use after it.
    pub fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    /// Ends all tasks.
    pub fn abort(&self) {
        for handle in self.handles.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            handle.abort();
        }
    }

    fn spawn(&self, future: Boxed<'static, ()>) -> AbortHandle {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.retain(|handle| !handle.is_finished());
        // The first task is the one that drives the connection.
        let guard = EndGuard { ended: self.ended.clone(), always: handles.is_empty() };
        #[expect(clippy::disallowed_methods, reason = "the connection keeps the handles and aborts the tasks")]
        let handle = tokio::spawn(async move {
            let _guard = guard;
            future.await;
        })
        .abort_handle();
        handles.push(handle.clone());
        handle
    }
}

/// Reports the end of a task, or only its panic.
pub struct EndGuard {
    /// Cancelled then.
    pub ended: CancellationToken,
    /// Whether every end is reported.
    pub always: bool,
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        if self.always || std::thread::panicking() {
            self.ended.cancel();
        }
    }
}

/// Tokio as the library's runtime, whose tasks belong to [`Tasks`] and whose sockets are behind a [`Wall`].
#[derive(Debug)]
pub struct OwnedRuntime {
    /// Owns the tasks.
    pub tasks: Arc<Tasks>,
    /// What the sockets may send and receive.
    pub wall: Arc<Wall>,
    /// The connection's part of the port that all share; `None` where it has sockets of its own.
    pub shared: Option<Arc<Registration>>,
    /// Whether there are TURN servers.
    pub relays: bool,
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

impl Runtime for OwnedRuntime {
    fn spawn(&self, future: Boxed<'static, ()>) -> Box<dyn JoinHandle> {
        Box::new(Handle(self.tasks.spawn(future)))
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let inner: Arc<dyn AsyncUdpSocket> = match &self.shared {
            Some(registration) => Arc::new(registration.socket(socket, self.relays, self.wall.clone())?),
            None => TokioRuntime.wrap_udp_socket(socket)?,
        };
        Ok(Arc::new(Socket::new(inner, self.wall.clone())))
    }

    fn wrap_tcp_listener(&self, listener: TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        TokioRuntime.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(&'a self, remote: SocketAddr) -> Boxed<'a, io::Result<Arc<dyn AsyncTcpStream>>> {
        TokioRuntime.connect_tcp(remote)
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<SocketAddr>>> {
        // Only servers of the configuration are resolved: candidates with names are not used.
        Box::pin(async move {
            let addresses = TokioRuntime.resolve_host(host).await?;
            let mut limits = self.wall.limits();
            addresses.iter().for_each(|address| limits.addresses.trust(*address));
            Ok(addresses)
        })
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

    fn name(&self) -> &'static str {
        "tokio"
    }
}

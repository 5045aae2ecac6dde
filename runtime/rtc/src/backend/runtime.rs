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

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The library's tasks for one connection.
#[derive(Debug, Default)]
pub struct Tasks {
    handles: Mutex<Vec<AbortHandle>>,
    /// Cancelled when the main task ends.
    ended: CancellationToken,
}

impl Tasks {
    /// A token that is cancelled when the main task ends, in whatever way: nothing happens on the connection after it.
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
        let guard = handles.is_empty().then(|| self.ended.clone().drop_guard());
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

/// Tokio as the library's runtime, whose tasks belong to [`Tasks`].
#[derive(Debug)]
pub struct OwnedRuntime(pub Arc<Tasks>);

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
        Box::new(Handle(self.0.spawn(future)))
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        TokioRuntime.wrap_udp_socket(socket)
    }

    fn wrap_tcp_listener(&self, listener: TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
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

    fn name(&self) -> &'static str {
        "tokio"
    }
}

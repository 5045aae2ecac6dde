//! Accepts connections within the caps, and serves each in a task of its own until it ends or is told to.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::connections::{Connections, Limits};
use super::deadlines::{Clock, Timed};
use super::forwarded;
use crate::http::{LocalAddress, Overflow};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;
/// Size of the send buffer of a connection, bytes: what the system holds for a client that does not read.
const SEND_BUFFER: u32 = 128 * 1024;
/// Longest head of a request, bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Time after which a client that acknowledges nothing of what it was sent is given up.
const VANISHED: Duration = Duration::from_secs(60);
/// Pause after an error of the system, such as too few descriptors.
const PAUSE: Duration = Duration::from_millis(100);

type Table = Arc<Mutex<Connections<CancellationToken>>>;

/// Listens on `address`.
///
/// # Errors
/// When the address is not available.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The HTTP server.
pub struct Acceptor {
    listener: TcpListener,
    router: Router,
    table: Table,
    tasks: JoinSet<()>,
    closing: CancellationToken,
}

impl Acceptor {
    /// Creates a server of `router`.
    pub fn new(listener: TcpListener, router: Router, limits: Limits) -> Self {
        let table = Arc::new(Mutex::new(Connections::new(limits)));
        Self { listener, router, table, tasks: JoinSet::new(), closing: CancellationToken::new() }
    }

    /// Accepts connections until it is dropped.
    pub async fn run(&mut self) -> Infallible {
        let mut is_failing = false;
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, address)) => {
                        is_failing = false;
                        self.accept(stream, address);
                    }
                    // Only this connection failed.
                    Err(error) if is_of_connection(&error) => {}
                    Err(error) => {
                        if !is_failing {
                            tracing::warn!(%error, "connections cannot be accepted; it is tried again");
                        }
                        is_failing = true;
                        if let Some(handle) = lock(&self.table).make_room() {
                            handle.cancel();
                        }
                        tokio::time::sleep(PAUSE).await;
                    }
                },
                Some(ended) = self.tasks.join_next() => report(ended),
            }
        }
    }

    /// Refuses further connections, lets those that answer a request finish it within `time`, and closes all.
    pub async fn close(self, time: Duration) {
        let Self { listener, mut tasks, closing, table, .. } = self;
        drop(listener);
        closing.cancel();
        let finish = async {
            while let Some(ended) = tasks.join_next().await {
                report(ended);
            }
        };
        if tokio::time::timeout(time, finish).await.is_err() {
            tracing::info!(connections = lock(&table).count(), "connections are closed although they are in use");
            tasks.shutdown().await;
        }
    }

    fn accept(&mut self, stream: TcpStream, address: SocketAddr) {
        let handle = CancellationToken::new();
        let Some(admitted) = lock(&self.table).admit(Instant::now(), address.ip(), handle.clone()) else {
            return;
        };
        if let Some(evicted) = &admitted.evicted {
            evicted.cancel();
        }
        let slot = Arc::new(Slot { table: self.table.clone(), id: admitted.id });
        let connection = Connection {
            router: self.router.clone(),
            is_overflow: admitted.is_overflow,
            is_proxy: admitted.is_proxy,
            address,
            // Without an answer of the system, it is taken for this machine's, for which the rules are the strictest.
            local: stream.local_addr().ok(),
            slot,
            closing: self.closing.clone(),
            handle,
        };
        self.tasks.spawn(connection.serve(stream));
    }
}

fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection could not be served");
    }
}

fn lock(table: &Table) -> MutexGuard<'_, Connections<CancellationToken>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection's place in the table, freed when it is dropped.
struct Slot {
    table: Table,
    id: u64,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.table).remove(self.id);
    }
}

impl Clock for Arc<Slot> {
    fn received(&self, now: Instant) {
        lock(&self.table).received(self.id, now);
    }

    fn read_deadline(&self) -> Option<Instant> {
        lock(&self.table).read_deadline(self.id)
    }
}

/// A connection that is served.
struct Connection {
    router: Router,
    is_overflow: bool,
    is_proxy: bool,
    address: SocketAddr,
    local: Option<SocketAddr>,
    slot: Arc<Slot>,
    closing: CancellationToken,
    handle: CancellationToken,
}

impl Connection {
    /// Serves requests until the client leaves or misses a deadline, or the connection is closed.
    async fn serve(self, stream: TcpStream) {
        let Self { router, is_overflow, is_proxy, address, local, slot, closing, handle } = self;
        // Events and answers are small, and are sent at once.
        let _ = stream.set_nodelay(true);
        // A client that vanished is noticed also when little waits for it.
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(VANISHED));
        let io = TokioIo::new(Timed::new(stream, slot.clone()));
        let service = service_fn(move |request: Request<Incoming>| {
            let (router, slot) = (router.clone(), slot.clone());
            async move {
                lock(&slot.table).begin(slot.id, Instant::now());
                let answered = Answered(slot);
                let mut request = request.map(Body::new);
                let forwarded = if is_proxy { forwarded::client(request.headers()) } else { None };
                let client = forwarded.map_or(address, |client| SocketAddr::new(client, 0));
                request.extensions_mut().insert(ConnectInfo(client));
                if let Some(local) = local {
                    request.extensions_mut().insert(LocalAddress(local));
                }
                if is_overflow {
                    request.extensions_mut().insert(Overflow);
                }
                let response: Response = router.oneshot(request).await?;
                Ok::<_, Infallible>(response.map(|body| TrackedBody { body, _answered: answered }))
            }
        });
        let mut builder = http1::Builder::new();
        builder.keep_alive(!is_overflow).max_buf_size(MAX_HEAD);
        let mut connection = std::pin::pin!(builder.serve_connection(io, service));
        let mut is_closing = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%address, %error, "a connection ended early");
                    }
                    return;
                }
                () = handle.cancelled() => return,
                () = closing.cancelled(), if !is_closing => {
                    is_closing = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Marks a connection as idle when it is dropped, with the body of the response.
struct Answered(Arc<Slot>);

impl Drop for Answered {
    fn drop(&mut self) {
        lock(&self.0.table).end(self.0.id, Instant::now());
    }
}

/// The body of a response, during which its connection is in use.
struct TrackedBody {
    body: Body,
    _answered: Answered,
}

impl HttpBody for TrackedBody {
    type Data = bytes::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<bytes::Bytes>, axum::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

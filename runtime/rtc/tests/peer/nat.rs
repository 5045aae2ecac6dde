//! A router between a client and the server that translates addresses, as those at home do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::pair::LOCAL;
use framebox_test_peer::LIMIT;

/// The router.
pub struct Nat {
    /// The port that the client sends to.
    pub port: u16,
    rules: watch::Sender<Rules>,
    /// Datagrams of the server that are not of STUN, since the count was last reset.
    pub other_than_checks: Arc<AtomicUsize>,
    /// Datagrams of the server that are of STUN.
    checks: watch::Receiver<usize>,
    _task: JoinSet<()>,
}

#[derive(Clone)]
struct Rules {
    outside: Arc<UdpSocket>,
    blocked: bool,
    /// Checks of the client's are lost; its answers are not.
    without_checks: bool,
}

async fn outside(server: SocketAddr) -> Arc<UdpSocket> {
    let socket = UdpSocket::bind((LOCAL, 0)).await.unwrap();
    socket.connect(server).await.unwrap();
    Arc::new(socket)
}

impl Nat {
    /// A router before the server at a port.
    pub async fn new(server: u16) -> Self {
        let inside = UdpSocket::bind((LOCAL, 0)).await.unwrap();
        let port = inside.local_addr().unwrap().port();
        let outside = outside((LOCAL, server).into()).await;
        let (rules, followed) = watch::channel(Rules { outside, blocked: false, without_checks: false });
        let other_than_checks = Arc::<AtomicUsize>::default();
        let (counted, checks) = watch::channel(0);
        let mut task = JoinSet::new();
        task.spawn(run(inside, followed, other_than_checks.clone(), counted));
        Self { port, rules, other_than_checks, checks, _task: task }
    }

    /// Gives the client another address, as after a restart; nothing comes back to the old one.
    pub async fn rebind(&self) {
        let server = self.rules.borrow().outside.peer_addr().unwrap();
        let outside = outside(server).await;
        self.rules.send_modify(|rules| rules.outside = outside);
    }

    /// Waits until so many more checks of the server have arrived.
    pub async fn checks_arrived(&self, number: usize) {
        let mut checks = self.checks.clone();
        let until = *checks.borrow() + number;
        let arrived = checks.wait_for(|checks| *checks >= until);
        timeout(LIMIT, arrived).await.expect("there are no checks").expect("the router runs");
    }

    /// Lets no check of the client's through from now on.
    pub fn lose_checks(&self) {
        self.rules.send_modify(|rules| rules.without_checks = true);
    }

    /// Lets nothing through, or everything.
    pub fn block(&self, blocked: bool) {
        self.rules.send_modify(|rules| rules.blocked = blocked);
    }
}

async fn run(
    inside: UdpSocket,
    mut followed: watch::Receiver<Rules>,
    other_than_checks: Arc<AtomicUsize>,
    checks: watch::Sender<usize>,
) {
    let (mut up, mut down, mut client) = ([0; 2000], [0; 2000], None);
    loop {
        let Rules { outside, blocked, without_checks } = followed.borrow_and_update().clone();
        tokio::select! {
            changed = followed.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            received = inside.recv_from(&mut up) => {
                let (size, from) = received.unwrap();
                client = Some(from);
                let is_check = up[..2] == [0, 1];
                if !(blocked || without_checks && is_check) {
                    let _ = outside.send(&up[..size]).await;
                }
            }
            received = outside.recv(&mut down) => {
                if let (Ok(size), Some(client)) = (received, client) {
                    if down[0] > 3 {
                        other_than_checks.fetch_add(1, Ordering::Relaxed);
                    } else {
                        checks.send_modify(|checks| *checks += 1);
                    }
                    if !blocked {
                        inside.send_to(&down[..size], client).await.unwrap();
                    }
                }
            }
        }
    }
}

//! What a publisher and a viewer have in common: a peer, its state, and later offers.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use framebox_rtc::{Peer, State};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, sleep_until, timeout};

use crate::protocol::Phase;
use crate::sessions::lifecycle::Lifecycle;
use crate::sessions::media_ports::MediaPorts;
use crate::sessions::owner::Owner;
use crate::sessions::restart::Restarts;

/// Time for a last message to leave before the connection is closed.
const FAREWELL: Duration = Duration::from_millis(200);
/// Longest time for closing a connection.
const CLOSING: Duration = Duration::from_secs(3);

/// What a connection is to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It publishes.
    Publisher,
    /// It watches.
    Viewer,
}

/// One connection of a stream.
pub struct Link {
    /// Its id: a random one, or the client's `webrtc_id`.
    pub id: String,
    /// The stream's name.
    pub stream: String,
    /// Whom it belongs to.
    pub owner: Owner,
    /// What it is to the stream.
    pub role: Role,
    /// When its offer came.
    pub begin: Instant,
    restarts: Arc<Restarts>,
    ports: OnceLock<MediaPorts>,
    peer: Mutex<Option<Arc<dyn Peer>>>,
    life: watch::Sender<Lifecycle>,
    stop: Mutex<Option<String>>,
    stopped: Notify,
}

impl Link {
    /// A connection whose offer is being answered. It is given up when it is disconnected for `disconnect_timeout`.
    pub fn new(
        (id, stream): (String, &str),
        owner: Owner,
        role: Role,
        offer: &str,
        disconnect_timeout: Duration,
    ) -> Self {
        Self {
            id,
            stream: stream.to_owned(),
            owner,
            role,
            begin: Instant::now(),
            restarts: Arc::new(Restarts::new(offer)),
            ports: OnceLock::new(),
            peer: Mutex::default(),
            life: watch::Sender::new(Lifecycle::new(Instant::now(), disconnect_timeout)),
            stop: Mutex::default(),
            stopped: Notify::new(),
        }
    }

    /// The offer was answered.
    pub(super) fn answered(&self, peer: Arc<dyn Peer>, answer: &str) {
        // There is one answer to the first offer.
        let _ = self.ports.set(MediaPorts::of(answer));
        *self.lock_peer() = Some(peer);
    }

    /// The peer, until it is closed.
    pub fn peer(&self) -> Option<Arc<dyn Peer>> {
        self.lock_peer().clone()
    }

    /// What is known of later offers.
    pub fn restarts(&self) -> &Arc<Restarts> {
        &self.restarts
    }

    /// The state of the connection.
    pub fn phase(&self) -> Phase {
        self.life.borrow().phase()
    }

    /// Asks the connection to end, for this reason.
    pub fn stop(&self, reason: &str) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| reason.to_owned());
        self.stopped.notify_one();
    }

    /// Whether it was asked to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The peer's state changed.
    pub(super) fn state(&self, state: State) {
        self.life.send_modify(|life| life.peer(Instant::now(), state));
    }

    /// Waits until the connection is over; returns why.
    pub(super) async fn over(&self) -> String {
        let mut life = self.life.subscribe();
        loop {
            if let Some(reason) = self.stop.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                return reason;
            }
            let current = *life.borrow_and_update();
            if let Some(end) = current.over(Instant::now()) {
                let checks = self.peer().map_or(0, |peer| peer.stats().checks_received);
                return end.reason(checks, self.ports.get());
            }
            let timer = async {
                match current.deadline() {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = timer => {}
                // The sender is in this link.
                _ = life.changed() => {}
                () = self.stopped.notified() => {}
            }
        }
    }

    /// Closes the connection. `farewell`: a last message.
    pub(super) async fn close(&self, farewell: Option<String>) {
        let Some(peer) = self.peer() else { return };
        if let Some(message) = farewell
            && self.phase() == Phase::Live
        {
            peer.send_message(message);
            sleep(FAREWELL).await;
        }
        if timeout(CLOSING, peer.close()).await.is_err() {
            tracing::warn!(connection = self.id, "dropping a connection that took too long to close");
        }
        let peer = (peer, self.lock_peer().take());
        drop(peer);
    }

    fn lock_peer(&self) -> MutexGuard<'_, Option<Arc<dyn Peer>>> {
        self.peer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The library's events.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::timeout;
use webrtc::data_channel::DataChannel;
use webrtc::peer_connection::{PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState};

use super::channel;
use super::shared::Shared;
use crate::State;

/// Data channels of one peer at most; a peer that opens more is disconnected.
const MAX_CHANNELS: usize = 16;
/// Longest wait for the closing of a data channel.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Handles the library's events.
pub struct Handler {
    /// Weak, because the library keeps the handler for as long as its task runs.
    shared: Weak<Shared>,
    /// True once all candidates of this side are known.
    gathered: watch::Sender<bool>,
    /// Number of data channels that the peer opened.
    channels: AtomicUsize,
}

impl Handler {
    /// The handler of a connection.
    pub fn new(shared: &Arc<Shared>, gathered: watch::Sender<bool>) -> Self {
        Self { shared: Arc::downgrade(shared), gathered, channels: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.send_replace(true);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let Some(shared) = self.shared.upgrade() else { return };
        shared.enter(match state {
            RTCPeerConnectionState::Connecting => State::Connecting,
            RTCPeerConnectionState::Connected => State::Connected,
            RTCPeerConnectionState::Disconnected => State::Disconnected,
            RTCPeerConnectionState::Failed => State::Failed,
            RTCPeerConnectionState::Closed => State::Closed,
            _ => return,
        });
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let Some(shared) = self.shared.upgrade() else { return };
        match self.channels.fetch_add(1, Ordering::Relaxed) {
            0 => {
                let (messages, events) = (shared.messages.clone(), shared.events.clone());
                shared.spawn(channel::serve(channel, messages, events, shared.counters.clone()));
            }
            1..MAX_CHANNELS => {
                // One is enough. Closing another one here, on the library's own task, would wait for itself. What it brings
                // meanwhile is read, since the library keeps what is not.
                shared.spawn(async move {
                    let drain = async { while channel.poll().await.is_some() {} };
                    tokio::select! {
                        _ = timeout(CLOSE_TIMEOUT, channel.close()) => {}
                        () = drain => {}
                    }
                });
            }
            _ => {
                shared.enter(State::Failed);
                shared.library_tasks.abort();
            }
        }
    }
}

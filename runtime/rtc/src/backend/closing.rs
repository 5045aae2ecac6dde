//! Notices when the peer or the library ends the connection.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rtc::peer_connection::transport::RTCDtlsTransportState;
use tokio::time::sleep;
use webrtc::peer_connection::PeerConnection;

use super::shared::Shared;
use crate::State;

/// Time between two looks at the state of the encryption.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Watches for the peer's farewell. It ends the encryption (DTLS), which the library does not report as a change of the
/// connection's state.
pub async fn watch_encryption(connection: Arc<dyn PeerConnection>, shared: Weak<Shared>) {
    loop {
        sleep(POLL_INTERVAL).await;
        if is_closed(&connection).await.unwrap_or(false) {
            if let Some(shared) = shared.upgrade() {
                shared.enter(State::Closed);
            }
            return;
        }
    }
}

async fn is_closed(connection: &Arc<dyn PeerConnection>) -> webrtc::error::Result<bool> {
    let mut transport = None;
    for sender in connection.get_senders().await {
        transport = sender.transport().await?;
    }
    for receiver in connection.get_receivers().await {
        transport = receiver.transport().await?.or(transport);
    }
    match transport {
        Some(transport) => Ok(transport.state().await? == RTCDtlsTransportState::Closed),
        None => Ok(false),
    }
}

/// Watches for the end of the library's main task, by an error or a panic: nothing happens on the connection after it.
pub fn watch_library(shared: &Arc<Shared>) {
    let ended = shared.library_tasks.ended().clone();
    let weak = Arc::downgrade(shared);
    shared.spawn(async move {
        ended.cancelled().await;
        if let Some(shared) = weak.upgrade() {
            shared.enter(State::Failed);
        }
    });
}

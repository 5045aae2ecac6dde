//! Notices when the peer or the library ends the connection.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rtc::peer_connection::transport::{RTCDtlsTransportState, RTCSctpTransportState};
use tokio::time::sleep;
use webrtc::peer_connection::PeerConnection;

use super::shared::Shared;
use crate::State;

/// Time between two looks at the state of the encryption.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Time in which a path has to be found, and the handshake completed, at first.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(7);

/// Ends a connection that is not there in time.
pub async fn watch_start(shared: Weak<Shared>) {
    sleep(CONNECT_TIMEOUT).await;
    if let Some(shared) = shared.upgrade().filter(|shared| !shared.was_connected()) {
        shared.enter(State::Failed);
    }
}

/// Watches for the peer's farewell. It ends the encryption (DTLS), which the library does not report as a change of the
/// connection's state.
pub async fn watch_encryption(connection: Arc<dyn PeerConnection>, shared: Weak<Shared>) {
    let mut association = Association::default();
    loop {
        sleep(POLL_INTERVAL).await;
        let state = if is_closed(&connection).await.unwrap_or(false) {
            State::Closed
        } else if association.is_aborted(&connection, &shared).await.unwrap_or(false) {
            tracing::warn!(
                "a peer's data channel association was aborted: by the peer, or because it sent more than it may"
            );
            State::Failed
        } else {
            continue;
        };
        if let Some(shared) = shared.upgrade() {
            shared.enter(state);
        }
        return;
    }
}

/// The association that carries the data channel.
#[derive(Default)]
struct Association {
    was_connected: bool,
}

impl Association {
    /// Returns whether it has ended though the connection goes on. The library aborts it when the peer makes it hold too much.
    async fn is_aborted(
        &mut self,
        connection: &Arc<dyn PeerConnection>,
        shared: &Weak<Shared>,
    ) -> webrtc::error::Result<bool> {
        let Some(sctp) = connection.sctp().await else { return Ok(false) };
        let state = sctp.state().await?;
        // It may have been connected between two looks only: then a channel was open.
        let was_open = shared.upgrade().is_some_and(|shared| shared.messages.was_open());
        self.was_connected |= state == RTCSctpTransportState::Connected || was_open;
        // It is in this state also before the peer's first message.
        Ok(self.was_connected && state == RTCSctpTransportState::Closed)
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

/// Watches for the end of the library's main task, and for a panic in any task of the connection.
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

//! The library, set up for one connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rtc::interceptor::{ReceiverReportBuilder, Registry, SenderReportBuilder, Slot, TwccReceiverBuilder};
use rtc::peer_connection::certificate::RTCCertificate;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpHeaderExtensionCapability, RtpCodecKind};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder, SettingEngineBuilder,
};

use super::channel::SEND_BUFFER;
use super::formats::media_engine;
use super::interceptor::{self, Adapter, Bound, FeedbackReader, Transmit, VideoReader};
use super::network::ice_server;
use super::port::Registration;
use super::runtime::{OwnedRuntime, Tasks};
use super::socket::Wall;
use crate::sdp::{Offer, PLAYOUT_DELAY, TRANSPORT_CC};

/// Silence after which a peer counts as disconnected, unless half the time until the connection fails is less.
const DISCONNECTED: Duration = Duration::from_secs(3);
/// Time between two checks of the path in use (RFC 7675).
const KEEPALIVE: Duration = Duration::from_secs(1);
/// Time between two rounds of connectivity checks: Ta of RFC 8445 section 14.2. A check of the peer is answered by one at once.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// Rounds of connectivity checks: more than fit into the time in which a path has to be found.
const MAX_CHECKS: u16 = 1000;

/// What a connection is set up with.
pub struct Setup<'a> {
    /// The offer.
    pub offer: &'a Offer,
    /// Takes the peer's video.
    pub reader: VideoReader,
    /// Local addresses to bind.
    pub addresses: Vec<SocketAddr>,
    /// STUN and TURN servers.
    pub ice_servers: &'a [String],
    /// Receives the library's events.
    pub handler: Arc<dyn PeerConnectionEventHandler>,
    /// Sends this side's packets.
    pub transmit: Transmit,
    /// Reads the viewer's requests for keyframes.
    pub feedback: FeedbackReader,
    /// Owns the tasks that the library spawns.
    pub tasks: Arc<Tasks>,
    /// What the sockets may send and receive.
    pub wall: Arc<Wall>,
    /// The connection's part of the port that all share; `None` where it has sockets of its own.
    pub shared: Option<Arc<Registration>>,
    /// Silence after which the connection fails.
    pub disconnect_timeout: Duration,
    /// What an offer of this side has said already: its credentials of ICE, and its certificate.
    pub promised: Option<((String, String), RTCCertificate)>,
}

impl Setup<'_> {
    /// Binds the sockets and starts the library's task.
    ///
    /// # Errors
    /// When an address cannot be bound.
    pub async fn build(self) -> webrtc::error::Result<Arc<dyn PeerConnection>> {
        let (video, transport_cc) = (&self.offer.video, self.offer.transport_cc);
        let mut media = media_engine(video);
        for uri in [TRANSPORT_CC, PLAYOUT_DELAY] {
            let extension = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
            media.register_header_extension(extension, RtpCodecKind::Video, None)?;
        }
        let (arrivals, reports) = (TwccReceiverBuilder::new().build(), ReceiverReportBuilder::new().build());
        let registry = Registry::new()
            .with(Slot::TwccReceiver, Bound::new(arrivals, video, transport_cc))
            .with(Slot::ReceiverReport, Bound::new(reports, video, transport_cc))
            .with(Slot::SenderReport, SenderReportBuilder::new().build())
            .with(Slot::from(interceptor::TRANSMIT), Adapter::new(self.transmit))
            .with(Slot::from(interceptor::VIDEO_READER), Adapter::new(self.reader))
            .with(Slot::from(interceptor::FEEDBACK_READER), Adapter::new(self.feedback));
        let servers = self.ice_servers.iter().map(|url| ice_server(url)).collect();
        let mut configuration = RTCConfigurationBuilder::new().with_ice_servers(servers);
        let mut settings = settings(self.disconnect_timeout);
        if let Some(((ufrag, password), certificate)) = self.promised {
            settings = settings.with_ice_credentials(ufrag, password);
            configuration = configuration.with_certificates(vec![certificate]);
        }
        let relays = self.ice_servers.iter().any(|url| url.starts_with("turn"));
        let runtime = OwnedRuntime { tasks: self.tasks, wall: self.wall, shared: self.shared, relays };
        let connection = PeerConnectionBuilder::new()
            .with_configuration(configuration.build())
            .with_media_engine(media)
            .with_setting_engine(settings.build())
            .with_interceptor_registry(registry)
            .with_handler(self.handler)
            .with_runtime(Arc::new(runtime))
            .with_data_channel_send_buffer_limit(SEND_BUFFER)
            .with_udp_addrs(self.addresses)
            .build()
            .await?;
        Ok(Arc::new(connection))
    }
}

fn settings(disconnect_timeout: Duration) -> SettingEngineBuilder {
    let disconnected = DISCONNECTED.min(disconnect_timeout / 2);
    let failed = disconnect_timeout.saturating_sub(disconnected).max(Duration::from_millis(1));
    SettingEngineBuilder::new()
        // Joining a multicast group fails on many machines, and ends the connection.
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(true)
        .with_ice_timeouts(Some(disconnected), Some(failed), Some(KEEPALIVE))
        .with_ice_connection_attempts(Some(CHECK_INTERVAL), Some(MAX_CHECKS))
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
}

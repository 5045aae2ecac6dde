//! A whole session with a server on this machine: offer, answer, connectivity checks, DTLS, video.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use reqwest::Method;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState, RTCSessionDescription, SettingEngineBuilder,
};

use crate::client::Client;

/// Longest time until video arrives.
const PATIENCE: Duration = Duration::from_secs(15);

/// What happens on the connection.
enum Event {
    Gathered,
    Connected,
    Failed,
    Video,
}

struct Handler {
    events: mpsc::Sender<Event>,
}

impl Handler {
    fn say(&self, event: Event) {
        // Few happen; of more, the first ones tell enough.
        let _ = self.events.try_send(event);
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.say(Event::Gathered);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        match state {
            RTCPeerConnectionState::Connected => self.say(Event::Connected),
            RTCPeerConnectionState::Failed | RTCPeerConnectionState::Closed => self.say(Event::Failed),
            _ => {}
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let events = self.events.clone();
        #[expect(clippy::disallowed_methods, reason = "it ends with the connection, which the caller closes")]
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if matches!(event, TrackRemoteEvent::OnRtpPacket(_)) {
                    let _ = events.try_send(Event::Video);
                    return;
                }
            }
        });
    }
}

/// A handler that makes its own video.
const HANDLER: &str = "plasma";

/// Runs a session until its first packet of video arrives. `addresses`: those on which the server has media; empty: all.
///
/// # Errors
/// What does not work.
pub async fn run(client: &Client, addresses: &[IpAddr]) -> anyhow::Result<()> {
    let (events, mut received) = mpsc::channel(64);
    let mut media = MediaEngine::default();
    media.register_default_codecs()?;
    let settings = SettingEngineBuilder::new()
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(true)
        .build();
    let local = match addresses {
        [] => vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        some => some.iter().map(|address| SocketAddr::new(*address, 0)).collect(),
    };
    let connection: Arc<dyn PeerConnection> = Arc::new(
        PeerConnectionBuilder::new()
            .with_media_engine(media)
            .with_setting_engine(settings)
            .with_handler(Arc::new(Handler { events }))
            .with_udp_addrs(local)
            .build()
            .await?,
    );
    let id = format!("doctor-{:016x}", getrandom::u64().context("the system has no random numbers")?);
    let outcome = timeout(PATIENCE, session(client, &connection, &mut received, &id)).await;
    let _ = client.send(client.request(Method::DELETE, &["sessions", &id])).await;
    let _ = connection.close().await;
    match outcome {
        Ok(outcome) => outcome,
        Err(_) => bail!("no video arrived within {} s", PATIENCE.as_secs()),
    }
}

async fn session(
    client: &Client,
    connection: &Arc<dyn PeerConnection>,
    events: &mut mpsc::Receiver<Event>,
    id: &str,
) -> anyhow::Result<()> {
    let direction = RTCRtpTransceiverDirection::Recvonly;
    let init = RTCRtpTransceiverInit { direction, ..Default::default() };
    connection.add_transceiver_from_kind(RtpCodecKind::Video, Some(init)).await?;
    let offer = connection.create_offer(None).await?;
    connection.set_local_description(offer).await?;
    while let Some(event) = events.recv().await {
        if matches!(event, Event::Gathered) {
            break;
        }
    }
    let offer = connection.local_description().await.ok_or_else(|| anyhow!("there is no offer"))?.sdp;
    let body = json!({ "type": "offer", "webrtc_id": id, "sdp": offer });
    let request = client.request(Method::POST, &["webrtc", "offer"]).query(&[("handler", HANDLER)]).json(&body);
    let answer = client.send(request).await.context("the offer is refused")?;
    let sdp = answer["sdp"].as_str().ok_or_else(|| anyhow!("the server refuses the offer: {answer}"))?;
    connection.set_remote_description(RTCSessionDescription::answer(sdp.to_owned())?).await?;
    let mut is_connected = false;
    while let Some(event) = events.recv().await {
        match event {
            Event::Connected => is_connected = true,
            Event::Video => return Ok(()),
            Event::Failed if is_connected => bail!("the connection failed before video arrived"),
            Event::Failed => bail!("no path to the server was found: a firewall on this machine may be in the way"),
            Event::Gathered => {}
        }
    }
    bail!("the connection ended")
}

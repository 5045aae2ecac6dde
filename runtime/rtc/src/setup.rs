//! The RTP library, set up for one connection.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rtc::interceptor::{Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCConfigurationBuilder,
    RTCIceServer, SettingEngine, SettingEngineBuilder, configure_rtcp_reports, configure_twcc_receiver_only,
};

use super::feedback::Feedback;
use super::hook::Hooked;
use super::nack::Nack;
use super::offer::Video;
use super::resends::Resends;
use super::runtime::{Owned, Tasks};
use super::{Direction, Error};

/// What is queued for the data channel inside the library, bytes.
pub const CHANNEL_BUFFER: usize = 256 * 1024;
/// Longest message, bytes.
pub const LONGEST_MESSAGE: usize = 256 * 1024;

/// Silence until a peer counts as gone for the moment.
const DISCONNECTED: Duration = Duration::from_secs(3);
/// Further silence until it is given up. Both together are also the time in which a path must be found.
const FAILED: Duration = Duration::from_secs(4);
const KEEPALIVE: Duration = Duration::from_secs(1);
/// Between two rounds of looking for a path. The library's 200 ms make connecting slow.
const CHECKS: Duration = Duration::from_millis(20);
/// Rounds: they must not run out before the time does.
const ROUNDS: u16 = 1000;

/// Codec, header extension and feedback: exactly what was chosen of the offer, by the offer's numbers.
fn media(video: &Video) -> MediaEngine {
    let mut engine = MediaEngine::default();
    let pictures = RTCRtpCodecParameters { rtp_codec: codec(video), payload_type: video.payload_type };
    // Neither fails for video.
    let _ = engine.register_codec(pictures, RtpCodecKind::Video);
    if let Some(payload_type) = video.repair {
        let again = RTCRtpCodec {
            mime_type: "video/rtx".to_owned(),
            clock_rate: 90_000,
            sdp_fmtp_line: format!("apt={}", video.payload_type),
            ..RTCRtpCodec::default()
        };
        let _ = engine.register_codec(RTCRtpCodecParameters { rtp_codec: again, payload_type }, RtpCodecKind::Video);
    }
    engine
}

fn codec(video: &Video) -> RTCRtpCodec {
    let feedback = |text: &&str| {
        let (typ, parameter) = text.split_once(' ').unwrap_or((text, ""));
        RTCPFeedback { typ: typ.to_owned(), parameter: parameter.to_owned() }
    };
    RTCRtpCodec {
        mime_type: "video/H264".to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: video.format.clone(),
        rtcp_feedback: video.feedback.iter().map(feedback).collect(),
    }
}

fn transport() -> SettingEngine {
    SettingEngineBuilder::new()
        // Joining a multicast group fails on many machines, and takes the connection along.
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .with_include_loopback_candidate(true)
        .with_ice_timeouts(Some(DISCONNECTED), Some(FAILED), Some(KEEPALIVE))
        .with_ice_connection_attempts(Some(CHECKS), Some(ROUNDS))
        .with_host_acceptance_min_wait(Some(Duration::ZERO))
        .build()
}

/// How a connection is built.
pub struct Plan<'a> {
    /// What is exchanged.
    pub video: &'a Video,
    /// Local addresses.
    pub addresses: Vec<SocketAddr>,
    /// STUN and TURN servers.
    pub ice_servers: &'a [String],
    /// Is told what happens.
    pub handler: Arc<dyn PeerConnectionEventHandler>,
    /// Hears the viewer.
    pub feedback: Feedback,
    /// Owns what is spawned.
    pub tasks: Arc<Tasks>,
}

/// Binds the sockets and starts the connection's task.
///
/// # Errors
/// When an address cannot be bound.
pub async fn build(plan: Plan<'_>) -> webrtc::error::Result<Arc<dyn PeerConnection>> {
    let mut media = media(plan.video);
    let registry = configure_rtcp_reports(configure_twcc_receiver_only(Registry::new(), &mut media)?)
        .with(Slot::from(3_500), Hooked::new(Resends::default()))
        .with(Slot::NackResponder, rtc::interceptor::NackResponderBuilder::new().build())
        .with(Slot::NackGenerator, Hooked::new(Nack::default()))
        .with(Slot::from(14_000), Hooked::new(plan.feedback));
    let configuration = RTCConfigurationBuilder::new()
        .with_ice_servers(plan.ice_servers.iter().map(|url| ice_server(url)).collect())
        .build();
    let connection = PeerConnectionBuilder::new()
        .with_configuration(configuration)
        .with_media_engine(media)
        .with_setting_engine(transport())
        .with_interceptor_registry(registry)
        .with_handler(plan.handler)
        .with_runtime(Arc::new(Owned(plan.tasks)))
        .with_data_channel_send_buffer_limit(CHANNEL_BUFFER)
        .with_udp_addrs(plan.addresses)
        .build()
        .await?;
    Ok(Arc::new(connection))
}

/// `turn:user:password@host:port` has what the library wants apart.
fn ice_server(url: &str) -> RTCIceServer {
    let parts = url.split_once(':').and_then(|(scheme, rest)| {
        let (login, host) = rest.rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        Some((format!("{scheme}:{host}"), user.to_owned(), password.to_owned()))
    });
    match parts {
        Some((url, username, credential)) => RTCIceServer { urls: vec![url], username, credential },
        None => RTCIceServer { urls: vec![url.to_owned()], ..RTCIceServer::default() },
    }
}

/// Adds what video goes which way; returns the track that we send, if we do.
///
/// # Errors
/// What the library says.
pub async fn add_video(
    connection: &Arc<dyn PeerConnection>,
    video: &Video,
    direction: Direction,
    ssrc: u32,
    repair_ssrc: u32,
) -> webrtc::error::Result<Option<Arc<TrackLocalStaticRTP>>> {
    if !direction.sends() {
        let init = RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
        connection.add_transceiver_from_kind(RtpCodecKind::Video, Some(init)).await?;
        return Ok(None);
    }
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            rtx: video.repair.map(|_| RTCRtpRtxParameters { ssrc: repair_ssrc }),
            ..RTCRtpCodingParameters::default()
        },
        codec: codec(video),
        ..RTCRtpEncodingParameters::default()
    };
    let stream =
        MediaStreamTrack::new("framebox".into(), "video".into(), "video".into(), RtpCodecKind::Video, vec![encoding]);
    let track = Arc::new(TrackLocalStaticRTP::new(stream));
    let way = match direction {
        Direction::SendOnly => RTCRtpTransceiverDirection::Sendonly,
        _ => RTCRtpTransceiverDirection::Sendrecv,
    };
    let init = RTCRtpTransceiverInit { direction: way, ..Default::default() };
    connection.add_transceiver_from_track(track.clone(), Some(init)).await?;
    Ok(Some(track))
}

/// The addresses to bind: those configured, or those of the machine.
pub fn addresses(configured: &[IpAddr]) -> Vec<IpAddr> {
    if !configured.is_empty() {
        return configured.to_vec();
    }
    let useful = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_link_local() && !ip.is_unspecified(),
        // Addresses of one link need the interface's name beside them, which candidates do not have.
        IpAddr::V6(ip) => !ip.is_unicast_link_local() && !ip.is_unspecified() && !ip.is_loopback(),
    };
    let interfaces = rtc::shared::ifaces::ifaces().unwrap_or_default();
    let mut addresses: Vec<IpAddr> =
        interfaces.iter().filter_map(|interface| Some(interface.addr?.ip())).filter(useful).collect();
    addresses.push(IpAddr::from([127, 0, 0, 1]));
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// Wraps what the library says for those who cannot do anything about it.
pub fn failed(error: webrtc::error::Error) -> Error {
    Error::Setup(Box::new(error))
}

//! A client on the `webrtc` crate: sends encoded frames, receives them, sends and receives messages. Its network can lose
//! packets, and it can vanish without closing the connection.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::disallowed_methods, reason = "tests sleep and start tasks")]

mod network;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use framebox_media::{Codec, EncodedFrame};
use framebox_rtc::backend::interceptor::{Adapter, FEEDBACK_READER, FeedbackReader};
use framebox_rtc::receive::{Assembler, Output, Packet};
use framebox_rtc::send::RtpStream;
use rtc::interceptor::{NackGeneratorBuilder, Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
pub use rtc::rtp_transceiver::RTCRtpTransceiverDirection as Direction;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{sleep, sleep_until, timeout};
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceCandidateInit,
    RTCIceGatheringState, RTCSessionDescription, SettingEngineBuilder, register_default_interceptors,
};

pub use network::Loss;
use network::Network;
pub use webrtc::peer_connection::RTCPeerConnectionState;

/// SSRC of its pictures.
const SSRC: u32 = 0x0c11_e470;
/// SSRC of their retransmissions.
const RETRANSMISSION_SSRC: u32 = SSRC + 1;
/// The codec with which it sends; the library offers others, too.
const CODEC: Codec = Codec::H264;
/// The format parameters with which it sends.
const FORMAT_PARAMETERS: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
/// Payloads of which it remembers how they begin.
const MAX_PAYLOADS: usize = 1000;
/// Longest wait for anything. It only ends tests that hang.
pub const LIMIT: Duration = Duration::from_secs(60);

/// What happened to the client.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The connection's state changed.
    State(RTCPeerConnectionState),
    /// A frame arrived; it was captured when its last packet arrived.
    Frame(EncodedFrame),
    /// Frames were lost: none follows before a keyframe.
    Lost,
    /// The server requests a keyframe.
    KeyframeRequested,
    /// The data channel is open.
    ChannelOpen,
    /// The data channel is closed.
    ChannelClosed,
    /// A message arrived.
    Message(String),
}

/// What the client offers.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The direction of its video.
    pub direction: RTCRtpTransceiverDirection,
    /// Whether it opens a data channel.
    pub channel: bool,
    /// The packets that its network loses.
    pub loss: Loss,
    /// Its address.
    pub address: IpAddr,
    /// Whether it connects by TCP where the answer has candidates for it.
    pub tcp: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            direction: RTCRtpTransceiverDirection::Sendrecv,
            channel: true,
            loss: Loss::default(),
            address: IpAddr::from([127, 0, 0, 1]),
            tcp: false,
        }
    }
}

/// The first byte and the length of the payloads that it received first.
type Payloads = Arc<Mutex<Vec<(u8, usize)>>>;

/// The video that it receives, and its SSRC, once it does.
type Remote = Arc<Mutex<Option<(Arc<dyn TrackRemote>, u32)>>>;

/// One connection.
pub struct Client {
    connection: Arc<dyn PeerConnection>,
    network: Arc<Network>,
    track: Option<Arc<TrackLocalStaticRTP>>,
    stream: Option<RtpStream>,
    channel: Option<Arc<dyn DataChannel>>,
    remote: Remote,
    payloads: Payloads,
    events: mpsc::UnboundedReceiver<Event>,
    gathered: watch::Sender<bool>,
    tcp: bool,
}

struct Handler {
    events: mpsc::UnboundedSender<Event>,
    gathered: watch::Sender<bool>,
    remote: Remote,
    payloads: Payloads,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.gathered.send_replace(state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let _ = self.events.send(Event::State(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        if let Some(ssrc) = track.ssrcs().await.first() {
            *self.remote.lock().unwrap() = Some((track.clone(), *ssrc));
        }
        tokio::spawn(receive(track, self.events.clone(), self.payloads.clone()));
    }
}

async fn receive(track: Arc<dyn TrackRemote>, events: mpsc::UnboundedSender<Event>, payloads: Payloads) {
    let mut assembler = Assembler::new(CODEC);
    loop {
        let wake = assembler.deadline();
        tokio::select! {
            event = track.poll() => match event {
                Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                    note(&payloads, &packet.payload);
                    assembler.push(Instant::now(), Packet {
                        sequence: packet.header.sequence_number,
                        timestamp: packet.header.timestamp,
                        marker: packet.header.marker,
                        payload: packet.payload,
                    });
                }
                Some(_) => {}
                None => return,
            },
            () = async { sleep_until(wake.unwrap().into()).await }, if wake.is_some() => {}
        }
        while let Some(output) = assembler.poll(Instant::now()) {
            let _ = events.send(match output {
                Output::Frame(frame) => Event::Frame(frame),
                Output::KeyframeNeeded => Event::Lost,
            });
        }
    }
}

fn note(payloads: &Payloads, payload: &[u8]) {
    let mut payloads = payloads.lock().unwrap();
    if let Some(first) = payload.first().filter(|_| payloads.len() < MAX_PAYLOADS) {
        payloads.push((*first, payload.len()));
    }
}

async fn receive_messages(channel: Arc<dyn DataChannel>, events: mpsc::UnboundedSender<Event>) {
    while let Some(event) = channel.poll().await {
        let _ = match event {
            DataChannelEvent::OnOpen => events.send(Event::ChannelOpen),
            DataChannelEvent::OnClose => events.send(Event::ChannelClosed),
            DataChannelEvent::OnMessage(message) => {
                events.send(Event::Message(String::from_utf8(message.data.to_vec()).unwrap()))
            }
            _ => Ok(()),
        };
    }
}

fn codec() -> RTCRtpCodec {
    let format = CODEC.rtp_format();
    RTCRtpCodec {
        mime_type: format.mime_type.to_owned(),
        clock_rate: format.clock_rate,
        channels: 0,
        sdp_fmtp_line: FORMAT_PARAMETERS.to_owned(),
        rtcp_feedback: vec![],
    }
}

/// Sets the description of this side; returns it with all candidates in it.
async fn describe(
    connection: &Arc<dyn PeerConnection>,
    gathered: &watch::Sender<bool>,
    description: RTCSessionDescription,
) -> String {
    connection.set_local_description(description).await.unwrap();
    timeout(LIMIT, gathered.subscribe().wait_for(|gathered| *gathered)).await.unwrap().unwrap();
    connection.local_description().await.unwrap().sdp
}

impl Client {
    /// Makes a client and its offer, with all candidates in it.
    pub async fn offer(options: Options) -> (Self, String) {
        let client = Self::new(options).await;
        let offer = client.connection.create_offer(None).await.unwrap();
        let offer = describe(&client.connection, &client.gathered, offer).await;
        (client, offer)
    }

    /// Makes a client that answers an offer of the server's, and its answer, with all candidates in it.
    pub async fn answer(options: Options, offer: &str) -> (Self, String) {
        let client = Self::new(options).await;
        let offer = RTCSessionDescription::offer(offer.to_owned()).unwrap();
        client.connection.set_remote_description(offer).await.unwrap();
        let answer = client.connection.create_answer(None).await.unwrap();
        let answer = describe(&client.connection, &client.gathered, answer).await;
        (client, answer)
    }

    async fn new(options: Options) -> Self {
        let network = Arc::new(Network::new(options.loss));
        let (events, received) = mpsc::unbounded_channel();
        let gathered = watch::Sender::new(false);
        let (remote, payloads) = (Remote::default(), Payloads::default());
        let mut media = MediaEngine::default();
        media.register_default_codecs().unwrap();
        let registry = register_default_interceptors(Registry::new(), &mut media).unwrap().with(
            Slot::NackGenerator,
            NackGeneratorBuilder::new().with_interval(Duration::from_millis(30)).with_max_nacks_per_packet(4).build(),
        );
        let requested = Arc::<Notify>::default();
        let reader = FeedbackReader::new(SSRC, requested.clone());
        let registry = registry.with(Slot::from(FEEDBACK_READER), Adapter::new(reader));
        let requests = events.clone();
        tokio::spawn(async move {
            while !requests.is_closed() {
                requested.notified().await;
                let _ = requests.send(Event::KeyframeRequested);
            }
        });
        let settings = SettingEngineBuilder::new()
            .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
            .with_include_loopback_candidate(true)
            .with_ice_connection_attempts(Some(Duration::from_millis(20)), Some(1000))
            .build();
        let connection: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_media_engine(media)
                .with_interceptor_registry(registry)
                .with_setting_engine(settings)
                .with_handler(Arc::new(Handler {
                    events: events.clone(),
                    gathered: gathered.clone(),
                    remote: remote.clone(),
                    payloads: payloads.clone(),
                }))
                .with_runtime(network.clone())
                .with_udp_addrs(vec![SocketAddr::new(options.address, 0)])
                .with_tcp_addrs(if options.tcp { vec![SocketAddr::new(options.address, 0)] } else { Vec::new() })
                .build()
                .await
                .unwrap(),
        );
        let init = RTCRtpTransceiverInit { direction: options.direction, ..Default::default() };
        let track = if options.direction == RTCRtpTransceiverDirection::Recvonly {
            connection.add_transceiver_from_kind(RtpCodecKind::Video, Some(init)).await.unwrap();
            None
        } else {
            let encoding = RTCRtpEncodingParameters {
                rtp_coding_parameters: RTCRtpCodingParameters {
                    ssrc: Some(SSRC),
                    rtx: Some(RTCRtpRtxParameters { ssrc: RETRANSMISSION_SSRC }),
                    ..Default::default()
                },
                codec: codec(),
                ..Default::default()
            };
            let kind = RtpCodecKind::Video;
            let stream = MediaStreamTrack::new("client".into(), "video".into(), "video".into(), kind, vec![encoding]);
            let track = Arc::new(TrackLocalStaticRTP::new(stream));
            connection.add_transceiver_from_track(track.clone(), Some(init)).await.unwrap();
            Some(track)
        };
        let channel = if options.channel {
            let channel = connection.create_data_channel("text", None).await.unwrap();
            tokio::spawn(receive_messages(channel.clone(), events));
            Some(channel)
        } else {
            None
        };
        let tcp = options.tcp;
        Self { connection, network, track, stream: None, channel, remote, payloads, events: received, gathered, tcp }
    }

    /// Makes another offer, with other ICE credentials.
    pub async fn restart(&self) -> String {
        self.connection.restart_ice().await.unwrap();
        self.gathered.send_replace(false);
        let offer = self.connection.create_offer(None).await.unwrap();
        describe(&self.connection, &self.gathered, offer).await
    }

    /// Accepts the fragment that answers the one of a restart (RFC 9725 section 4.3.3): what it does not say stays as the answer said
    /// it.
    pub async fn accept_fragment(&mut self, answer: &str, fragment: &str) {
        let value = |name: &str| {
            fragment.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {fragment}"))
        };
        let candidates: Vec<&str> = fragment.lines().filter(|line| line.starts_with("a=candidate:")).collect();
        let mut restarted = String::new();
        for line in answer.lines().filter(|line| !line.starts_with("a=candidate:")) {
            let kept =
                ["a=ice-ufrag:", "a=ice-pwd:"].into_iter().find(|name| line.starts_with(name)).map_or(line, value);
            restarted += &format!("{kept}\r\n");
            if line.starts_with("a=ice-pwd:") {
                restarted.extend(candidates.iter().map(|candidate| format!("{candidate}\r\n")));
            }
        }
        self.accept(&restarted).await;
    }

    /// Accepts the answer, and sends with the payload type that it chose.
    pub async fn accept(&mut self, answer: &str) {
        let description = RTCSessionDescription::answer(answer.to_owned()).unwrap();
        self.connection.set_remote_description(description).await.unwrap();
        // The library connects only to those that come by themselves.
        let tcp = self.tcp;
        let streams = answer.lines().filter(|line| tcp && line.contains("tcptype passive"));
        for candidate in streams.filter_map(|line| line.strip_prefix("a=")) {
            let candidate = RTCIceCandidateInit { candidate: candidate.to_owned(), ..RTCIceCandidateInit::default() };
            self.connection.add_ice_candidate(candidate).await.unwrap();
        }
        if let Some(sender) = self.connection.get_senders().await.first() {
            let codecs = sender.get_parameters().await.unwrap().rtp_parameters.codecs;
            let chosen = codecs
                .iter()
                .find(|codec| codec.rtp_codec.mime_type.eq_ignore_ascii_case(CODEC.rtp_format().mime_type));
            self.stream = Some(RtpStream::new(CODEC, chosen.unwrap().payload_type, SSRC, 65_500));
        }
    }

    /// Sends a frame with this timestamp.
    pub async fn send(&mut self, frame: &EncodedFrame, rtp_timestamp: u32) {
        let (track, stream) = (self.track.as_ref().unwrap(), self.stream.as_mut().unwrap());
        for packet in stream.packets(&EncodedFrame { rtp_timestamp, ..frame.clone() }) {
            track.write_rtp(packet).await.unwrap();
        }
    }

    /// Sends a message as soon as the channel is open.
    pub async fn send_message(&self, text: &str) {
        let channel = self.channel.as_ref().unwrap();
        let sent = async {
            while channel.send_text(text).await.is_err() {
                sleep(Duration::from_millis(5)).await
            }
        };
        timeout(LIMIT, sent).await.expect("the channel is not open");
    }

    /// Requests a keyframe.
    pub async fn request_keyframe(&self) {
        let (track, media_ssrc) = self.remote.lock().unwrap().clone().expect("a frame arrived before");
        let request = PictureLossIndication { sender_ssrc: 1, media_ssrc };
        track.write_rtcp(vec![Box::new(request)]).await.unwrap();
    }

    /// The first byte and the length of each of the first payloads that arrived.
    pub fn payloads(&self) -> Vec<(u8, usize)> {
        self.payloads.lock().unwrap().clone()
    }

    /// The next event; panics when there is none for a long time.
    pub async fn next(&mut self) -> Event {
        timeout(LIMIT, self.events.recv()).await.expect("nothing happens").expect("the client is there")
    }

    /// The next event, if there is one already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Waits for an event, passing over others; panics when it does not happen for a long time.
    pub async fn wait(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let found = async {
            loop {
                let event = self.next().await;
                if wanted(&event) {
                    return event;
                }
            }
        };
        timeout(LIMIT, found).await.expect("it does not happen")
    }

    /// Waits until it is connected.
    pub async fn connected(&mut self) {
        self.wait(|event| *event == Event::State(RTCPeerConnectionState::Connected)).await;
    }

    /// Closes the connection.
    pub async fn close(self) {
        self.connection.close().await.unwrap();
    }

    /// Stops without closing the connection, as when a cable is pulled.
    pub fn vanish(self) {
        self.network.kill();
    }
}

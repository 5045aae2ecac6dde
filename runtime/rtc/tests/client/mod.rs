//! A client on the `webrtc` crate: sends coded pictures, gets them back, talks over the data channel. It can lose packets, and
//! it can vanish without a farewell.

#![allow(dead_code)]

mod network;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_rtc::assembler::{Assembler, Output, Packet};
use framebox_rtc::feedback::{Feedback, Said};
use framebox_rtc::hook::Hooked;
use framebox_rtc::packetizer::Packetizer;
use rtc::interceptor::{NackGeneratorBuilder, Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep_until, timeout};
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState, RTCSessionDescription, SettingEngineBuilder, register_default_interceptors,
};

pub use network::Loss;
use network::Network;

const SSRC: u32 = 0x0c11_e470;
const REPAIR_SSRC: u32 = SSRC + 1;

/// What happened to the client.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The connection's state changed.
    State(RTCPeerConnectionState),
    /// A picture came.
    Unit {
        /// Annex B.
        data: Bytes,
        /// Its RTP timestamp.
        timestamp: u32,
        /// Arrival of its last packet.
        completed: Instant,
    },
    /// Pictures are missing that no retransmission brought.
    Lost,
    /// The server asks for a keyframe.
    KeyframeWanted,
    /// The data channel is open.
    ChannelOpen,
    /// The data channel is closed.
    ChannelClosed,
    /// A message came.
    Message(String),
}

/// What the client offers.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Which way its video goes.
    pub direction: RTCRtpTransceiverDirection,
    /// It opens a data channel.
    pub channel: bool,
    /// What its network loses.
    pub loss: Loss,
}

impl Default for Options {
    fn default() -> Self {
        Self { direction: RTCRtpTransceiverDirection::Sendrecv, channel: true, loss: Loss::default() }
    }
}

/// The video that comes, and its number, once it does.
type Remote = Arc<Mutex<Option<(Arc<dyn TrackRemote>, u32)>>>;

/// One connection.
pub struct Client {
    connection: Arc<dyn PeerConnection>,
    network: Arc<Network>,
    track: Option<Arc<TrackLocalStaticRTP>>,
    packetizer: Option<Packetizer>,
    channel: Option<Arc<dyn DataChannel>>,
    remote: Remote,
    events: mpsc::UnboundedReceiver<Event>,
}

struct Handler {
    events: mpsc::UnboundedSender<Event>,
    gathered: watch::Sender<bool>,
    remote: Remote,
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
        tokio::spawn(receive(track, self.events.clone()));
    }
}

async fn receive(track: Arc<dyn TrackRemote>, events: mpsc::UnboundedSender<Event>) {
    let mut assembler = Assembler::default();
    loop {
        let wake = assembler.deadline();
        tokio::select! {
            event = track.poll() => match event {
                Some(TrackRemoteEvent::OnRtpPacket(packet)) => assembler.push(Instant::now(), Packet {
                    sequence: packet.header.sequence_number,
                    timestamp: packet.header.timestamp,
                    marker: packet.header.marker,
                    payload: packet.payload,
                }),
                Some(_) => {}
                None => return,
            },
            () = async { sleep_until(wake.unwrap().into()).await }, if wake.is_some() => {}
        }
        while let Some(output) = assembler.poll(Instant::now()) {
            let _ = events.send(match output {
                Output::Unit { data, timestamp, completed, .. } => Event::Unit { data, timestamp, completed },
                Output::KeyframeNeeded => Event::Lost,
            });
        }
    }
}

async fn converse(channel: Arc<dyn DataChannel>, events: mpsc::UnboundedSender<Event>) {
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
    RTCRtpCodec {
        mime_type: "video/H264".to_owned(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f".to_owned(),
        rtcp_feedback: vec![],
    }
}

impl Client {
    /// Makes a client and its offer, with all candidates in it.
    pub async fn offer(options: Options) -> (Self, String) {
        let network = Arc::new(Network::new(options.loss));
        let (events, received) = mpsc::unbounded_channel();
        let (gathered, mut gathering) = watch::channel(false);
        let remote = Remote::default();
        let mut media = MediaEngine::default();
        media.register_default_codecs().unwrap();
        let registry = register_default_interceptors(Registry::new(), &mut media).unwrap().with(
            Slot::NackGenerator,
            NackGeneratorBuilder::new().with_interval(Duration::from_millis(30)).with_max_nacks_per_packet(4).build(),
        );
        let (saying, mut said) = mpsc::channel(16);
        let registry = registry.with(Slot::from(14_000), Hooked::new(Feedback::new(SSRC, saying)));
        let hearing = events.clone();
        tokio::spawn(async move {
            while let Some(said) = said.recv().await {
                if said == Said::Keyframe {
                    let _ = hearing.send(Event::KeyframeWanted);
                }
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
                .with_handler(Arc::new(Handler { events: events.clone(), gathered, remote: remote.clone() }))
                .with_runtime(network.clone())
                .with_udp_addrs(vec!["127.0.0.1:0".to_owned()])
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
                    rtx: Some(RTCRtpRtxParameters { ssrc: REPAIR_SSRC }),
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
            tokio::spawn(converse(channel.clone(), events));
            Some(channel)
        } else {
            None
        };
        let offer = connection.create_offer(None).await.unwrap();
        connection.set_local_description(offer).await.unwrap();
        timeout(Duration::from_secs(5), gathering.wait_for(|gathered| *gathered)).await.unwrap().unwrap();
        let offer = connection.local_description().await.unwrap().sdp;
        (Self { connection, network, track, packetizer: None, channel, remote, events: received }, offer)
    }

    /// Takes the answer, and sends with the payload type that it chose.
    pub async fn accept(&mut self, answer: &str) {
        let answer = RTCSessionDescription::answer(answer.to_owned()).unwrap();
        self.connection.set_remote_description(answer).await.unwrap();
        if let Some(sender) = self.connection.get_senders().await.first() {
            let codecs = sender.get_parameters().await.unwrap().rtp_parameters.codecs;
            let chosen = codecs.iter().find(|codec| codec.rtp_codec.mime_type.eq_ignore_ascii_case("video/H264"));
            self.packetizer = Some(Packetizer::new(chosen.unwrap().payload_type, SSRC, 65_500));
        }
    }

    /// Sends a picture.
    pub async fn send(&mut self, access_unit: &Bytes, timestamp: u32) {
        let (track, packetizer) = (self.track.as_ref().unwrap(), self.packetizer.as_mut().unwrap());
        for packet in packetizer.packets(access_unit, timestamp) {
            track.write_rtp(packet).await.unwrap();
        }
    }

    /// Sends a message.
    pub async fn say(&self, text: &str) {
        self.channel.as_ref().unwrap().send_text(text).await.unwrap();
    }

    /// Asks for a keyframe.
    pub async fn request_keyframe(&self) {
        let (track, media_ssrc) = self.remote.lock().unwrap().clone().expect("a picture came before");
        let request = PictureLossIndication { sender_ssrc: 1, media_ssrc };
        track.write_rtcp(vec![Box::new(request)]).await.unwrap();
    }

    /// What happens next; panics when nothing does for ten seconds.
    pub async fn next(&mut self) -> Event {
        timeout(Duration::from_secs(10), self.events.recv()).await.expect("nothing happens").expect("it goes on")
    }

    /// What has happened and was not looked at.
    pub fn try_next(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// Waits for an event, passing over others; panics when it does not happen within ten seconds.
    pub async fn wait(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let found = async {
            loop {
                let event = self.next().await;
                if wanted(&event) {
                    return event;
                }
            }
        };
        timeout(Duration::from_secs(10), found).await.expect("it does not happen")
    }

    /// Waits until it is connected.
    pub async fn connected(&mut self) {
        self.wait(|event| *event == Event::State(RTCPeerConnectionState::Connected)).await;
    }

    /// Says farewell.
    pub async fn close(self) {
        self.connection.close().await.unwrap();
    }

    /// Stops without a farewell, as when a cable is pulled.
    pub fn vanish(self) {
        self.network.kill();
    }
}

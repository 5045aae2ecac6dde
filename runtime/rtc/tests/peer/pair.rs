//! Both ends of a connection.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::{Codec, EncodedFrame};
use framebox_rtc::{Answer, ConnectionEvents, Direction, Peer, Settings, State, Transport};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use framebox_test_peer::{Client, Event, LIMIT, Options};

pub const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What the server's side saw.
#[derive(Debug, PartialEq)]
pub enum Seen {
    State(State),
    Frame(EncodedFrame),
    KeyframeWanted,
    Bitrate(u32),
    ChannelOpen,
    Message(String),
    Sent(u32),
}

/// Records what the server's side sees.
pub struct Recorder {
    seen: mpsc::UnboundedSender<Seen>,
    /// Frames go back to this peer, once there is one.
    echo: OnceLock<Weak<dyn Peer>>,
}

impl Recorder {
    #[expect(clippy::disallowed_methods, reason = "a test sees everything that happens, and ends soon")]
    pub fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<Seen>) {
        let (sender, seen) = mpsc::unbounded_channel();
        (Arc::new(Self { seen: sender, echo: OnceLock::new() }), seen)
    }

    fn echo_to(&self, peer: &Arc<dyn Peer>) {
        assert!(self.echo.set(Arc::downgrade(peer)).is_ok());
    }

    fn record(&self, seen: Seen) {
        let _ = self.seen.send(seen);
    }

    /// Waits until nothing but the test itself holds the recorder.
    pub async fn freed(self: &Arc<Self>) {
        let freed = async {
            while Arc::strong_count(self) > 1 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(LIMIT, freed).await.expect("something of the connection is left running");
    }
}

impl ConnectionEvents for Recorder {
    fn state(&self, state: State) {
        self.record(Seen::State(state));
    }
    fn frame(&self, frame: EncodedFrame) {
        self.record(Seen::Frame(frame.clone()));
        if let Some(peer) = self.echo.get().and_then(Weak::upgrade) {
            peer.send_frame(frame);
        }
    }
    fn keyframe_wanted(&self) {
        self.record(Seen::KeyframeWanted);
    }
    fn bitrate(&self, bits_per_second: u32) {
        self.record(Seen::Bitrate(bits_per_second));
    }
    fn blocked(&self, _: bool) {}

    fn channel_open(&self) {
        self.record(Seen::ChannelOpen);
    }
    fn message(&self, text: String) {
        self.record(Seen::Message(text));
    }
    fn sent(&self, rtp_timestamp: u32, _: Instant) {
        self.record(Seen::Sent(rtp_timestamp));
    }
}

/// A client and the peer that it is connected to. Where both send, the peer sends every frame back.
pub struct Pair {
    pub client: Client,
    pub peer: Arc<dyn Peer>,
    pub recorder: Arc<Recorder>,
    pub seen: mpsc::UnboundedReceiver<Seen>,
    /// Timestamp of the next frame of [`Self::round_trip`].
    sent: u32,
}

impl Pair {
    pub async fn connect(options: Options, direction: Direction) -> Self {
        Self::connect_by(&*transport(), options, direction, |offer| offer, |answer| answer).await
    }

    /// Connects over a changed offer and answer, as another client would write and read them.
    pub async fn connect_changed(
        options: Options,
        direction: Direction,
        change_offer: impl FnOnce(String) -> String,
        change_answer: impl FnOnce(String) -> String,
    ) -> Self {
        Self::connect_by(&*transport(), options, direction, change_offer, change_answer).await
    }

    /// The same by another transport.
    pub async fn connect_by(
        transport: &dyn Transport,
        options: Options,
        direction: Direction,
        change_offer: impl FnOnce(String) -> String,
        change_answer: impl FnOnce(String) -> String,
    ) -> Self {
        let (mut client, offer) = Client::offer(options).await;
        let offer = change_offer(offer);
        let (recorder, seen) = Recorder::new();
        let Answer { sdp, peer, codec, .. } = transport.answer(&offer, direction, recorder.clone()).await.unwrap();
        assert!(sdp.contains(codec.rtp_format().encoding_name), "{codec:?} in {sdp}");
        if direction == Direction::SendReceive {
            recorder.echo_to(&peer);
        }
        client.accept(&change_answer(sdp)).await;
        client.connected().await;
        let mut pair = Self { client, peer, recorder, seen, sent: 0 };
        pair.wait(|seen| *seen == Seen::State(State::Connected)).await;
        pair
    }

    /// A client and its peer, which sends every frame back.
    pub fn new(
        client: Client,
        peer: Arc<dyn Peer>,
        recorder: Arc<Recorder>,
        seen: mpsc::UnboundedReceiver<Seen>,
    ) -> Self {
        recorder.echo_to(&peer);
        Self { client, peer, recorder, seen, sent: 0 }
    }

    pub async fn wait(&mut self, wanted: impl Fn(&Seen) -> bool) -> Seen {
        wait(&mut self.seen, wanted).await
    }

    /// Sends frames until one comes back.
    pub async fn round_trip(&mut self) {
        let begin = (self.sent..).step_by(3000);
        let begun = Instant::now();
        for rtp_timestamp in begin {
            self.sent = rtp_timestamp + 3000;
            self.client.send(&frame(true, 0, 100, rtp_timestamp), rtp_timestamp).await;
            let returned = async {
                let is_it =
                    |event: &Event| matches!(event, Event::Frame(frame) if frame.rtp_timestamp == rtp_timestamp);
                while !is_it(&self.client.next().await) {}
            };
            if timeout(Duration::from_millis(200), returned).await.is_ok() {
                return;
            }
            assert!(begun.elapsed() < LIMIT, "no frame comes back");
        }
    }

    /// Waits for the server's side to see a frame with this timestamp.
    pub async fn wait_for_frame(&mut self, rtp_timestamp: u32) -> EncodedFrame {
        let is_it = |seen: &Seen| matches!(seen, Seen::Frame(frame) if frame.rtp_timestamp == rtp_timestamp);
        let Seen::Frame(frame) = self.wait(is_it).await else { unreachable!() };
        frame
    }
}

/// Waits for something to be seen, passing over others.
pub async fn wait(seen: &mut mpsc::UnboundedReceiver<Seen>, wanted: impl Fn(&Seen) -> bool) -> Seen {
    let found = async {
        loop {
            let seen = seen.recv().await.expect("the recorder is there");
            if wanted(&seen) {
                return seen;
            }
        }
    };
    timeout(LIMIT, found).await.expect("it does not happen")
}

pub fn transport() -> Box<dyn Transport> {
    framebox_rtc::transport(settings())
}

/// Settings for loopback. Who is silent is given up soon.
pub fn settings() -> Settings {
    Settings { addresses: vec![LOCAL], disconnect_timeout: Duration::from_secs(7), ..Settings::default() }
}

/// The port of an answer's candidates.
pub fn port(answer: &str) -> u16 {
    let line = answer.lines().find(|line| line.starts_with("a=candidate")).unwrap();
    line.split(' ').nth(5).unwrap().parse().unwrap()
}

/// The answer with another port in its candidates.
pub fn at_port(answer: &str, to: u16) -> String {
    answer.replace(&format!("127.0.0.1 {} typ", port(answer)), &format!("127.0.0.1 {to} typ"))
}

/// A frame of about `size` bytes. The transport does not look into slices.
pub fn frame(keyframe: bool, number: usize, size: usize, rtp_timestamp: u32) -> EncodedFrame {
    let mut stream = Vec::new();
    if keyframe {
        stream.extend([0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0x8c, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80]);
    }
    stream.extend([0, 0, 0, 1, if keyframe { 0x65 } else { 0x41 }]);
    stream.extend((0..size).map(|at| (at * 7 + number) as u8 | 1));
    let data = Bytes::from(stream);
    EncodedFrame { codec: Codec::H264, data, keyframe, rtp_timestamp, captured: Instant::now() }
}

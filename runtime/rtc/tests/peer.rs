//! The transport against a client on the same library, over loopback.

#![allow(clippy::unwrap_used, missing_docs)]

mod client;

use std::net::{IpAddr, UdpSocket};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::{Codec, EncodedFrame};
use framebox_rtc::{self, Candidate, ConnectionEvents, Direction, Error, Peer, Settings, State, Transport};
use rtc::rtp_transceiver::RTCRtpTransceiverDirection as Way;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use client::{Client, Event, Loss, Options};

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// What the server's side saw.
#[derive(Debug, PartialEq)]
enum Saw {
    State(State),
    Unit(u32, Bytes, bool),
    KeyframeWanted,
    Bitrate(u32),
    ChannelOpen,
    Message(String),
    Sent(u32),
}

struct Watcher {
    saw: mpsc::UnboundedSender<Saw>,
    /// Pictures go back to where they came from.
    echo: OnceLock<std::sync::Weak<dyn Peer>>,
}

impl Watcher {
    fn see(&self, saw: Saw) {
        let _ = self.saw.send(saw);
    }
}

impl ConnectionEvents for Watcher {
    fn state(&self, state: State) {
        self.see(Saw::State(state));
    }
    fn frame(&self, frame: EncodedFrame) {
        self.see(Saw::Unit(frame.rtp_timestamp, frame.data.clone(), frame.keyframe));
        if let Some(peer) = self.echo.get().and_then(|peer| peer.upgrade()) {
            peer.send_frame(frame);
        }
    }
    fn keyframe_wanted(&self) {
        self.see(Saw::KeyframeWanted);
    }
    fn bitrate(&self, bits_per_second: u32) {
        self.see(Saw::Bitrate(bits_per_second));
    }
    fn channel_open(&self) {
        self.see(Saw::ChannelOpen);
    }
    fn message(&self, text: String) {
        self.see(Saw::Message(text));
    }
    fn sent(&self, rtp_timestamp: u32, _: Instant) {
        self.see(Saw::Sent(rtp_timestamp));
    }
}

/// Both ends of a connection.
struct Pair {
    client: Client,
    peer: Arc<dyn Peer>,
    watcher: Arc<Watcher>,
    saw: mpsc::UnboundedReceiver<Saw>,
}

impl Pair {
    async fn make(options: Options, direction: Direction) -> Self {
        let (mut client, offer) = Client::offer(options).await;
        let (watcher, saw) = watcher();
        let (answer, peer) = transport().answer(&offer, direction, watcher.clone()).await.unwrap();
        if direction == Direction::SendReceive {
            assert!(watcher.echo.set(Arc::downgrade(&peer)).is_ok());
        }
        client.accept(&answer).await;
        client.connected().await;
        let mut pair = Self { client, peer, watcher, saw };
        pair.wait(|saw| *saw == Saw::State(State::Connected)).await;
        pair
    }

    async fn wait(&mut self, wanted: impl Fn(&Saw) -> bool) -> Saw {
        wait(&mut self.saw, wanted).await
    }
}

async fn wait(saw: &mut mpsc::UnboundedReceiver<Saw>, wanted: impl Fn(&Saw) -> bool) -> Saw {
    let found = async {
        loop {
            let saw = saw.recv().await.expect("the watcher is there");
            if wanted(&saw) {
                return saw;
            }
        }
    };
    timeout(Duration::from_secs(10), found).await.expect("it does not happen")
}

fn watcher() -> (Arc<Watcher>, mpsc::UnboundedReceiver<Saw>) {
    let (saw, seen) = mpsc::unbounded_channel();
    (Arc::new(Watcher { saw, echo: OnceLock::new() }), seen)
}

fn transport() -> Box<dyn Transport> {
    framebox_rtc::transport(Settings { addresses: vec![LOCAL], ..Settings::default() })
}

/// A picture of about `size` bytes. The transport does not look into slices.
fn picture(keyframe: bool, number: usize, size: usize) -> Bytes {
    let mut stream = Vec::new();
    if keyframe {
        stream.extend([0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0x8c, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80]);
    }
    stream.extend([0, 0, 0, 1, if keyframe { 0x65 } else { 0x41 }]);
    stream.extend((0..size).map(|at| (at * 7 + number) as u8 | 1));
    Bytes::from(stream)
}

fn frame(keyframe: bool, number: usize, size: usize, rtp_timestamp: u32) -> EncodedFrame {
    let data = picture(keyframe, number, size);
    EncodedFrame { codec: Codec::H264, data, keyframe, rtp_timestamp, captured: Instant::now() }
}

/// Waits until nothing but the test itself holds the observer.
async fn let_go(watcher: &Arc<Watcher>) {
    let free = async {
        while Arc::strong_count(watcher) > 1 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(5), free).await.expect("something of the connection is left running");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_come_back_with_their_timestamps() {
    let mut pair = Pair::make(Options::default(), Direction::SendReceive).await;
    let pictures: Vec<Bytes> = (0..60).map(|number| picture(number % 30 == 0, number, 400 + number * 211)).collect();
    let timestamp = |number: usize| (u32::MAX - 20_000).wrapping_add(number as u32 * 3000);
    for (number, sent) in pictures.iter().enumerate() {
        pair.client.send(sent, timestamp(number)).await;
        let event = pair.client.wait(|event| matches!(event, Event::Unit { .. })).await;
        let Event::Unit { data, timestamp: came, .. } = event else { unreachable!() };
        assert_eq!((data, came), (sent.clone(), timestamp(number)));
        let Saw::Unit(came, data, keyframe) = pair.wait(|saw| matches!(saw, Saw::Unit(..))).await else {
            unreachable!()
        };
        assert_eq!((came, &data, keyframe), (timestamp(number), sent, number % 30 == 0));
        pair.wait(|saw| *saw == Saw::Sent(timestamp(number))).await;
    }
    let stats = pair.peer.stats();
    assert_eq!((stats.frames_received, stats.frames_sent, stats.frames_dropped), (60, 60, 0));
    assert!(stats.packets_sent > 60 && stats.bytes_received > 390_000, "{stats:?}");
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_packets_are_sent_again_both_ways() {
    let options = Options { loss: Loss { up: 20, down: 20 }, ..Options::default() };
    let mut pair = Pair::make(options, Direction::SendReceive).await;
    let pictures: Vec<Bytes> = (0..160).map(|number| picture(number == 0, number, 3500)).collect();
    for (number, picture) in pictures.iter().enumerate() {
        pair.client.send(picture, number as u32 * 900).await;
        sleep(Duration::from_millis(10)).await;
    }
    // That the last packets are lost shows only by those that follow: the last pictures may stay away.
    for (number, sent) in pictures.iter().enumerate().take(150) {
        let event = pair.client.wait(|event| matches!(event, Event::Unit { .. } | Event::Lost)).await;
        match event {
            Event::Unit { data, timestamp, .. } => assert_eq!((timestamp, &data), (number as u32 * 900, sent)),
            other => panic!("{other:?} before picture {number}"),
        }
    }
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_channel_carries_text_both_ways() {
    let mut pair = Pair::make(Options::default(), Direction::SendReceive).await;
    pair.wait(|saw| *saw == Saw::ChannelOpen).await;
    pair.client.wait(|event| *event == Event::ChannelOpen).await;
    pair.client.say("handshake").await;
    pair.wait(|saw| *saw == Saw::Message("handshake".into())).await;
    let long = "ä".repeat(30_000);
    for text in ["{}", "", &long] {
        pair.peer.send_message(text.to_owned());
        pair.client.wait(|event| *event == Event::Message(text.to_owned())).await;
    }
    pair.peer.send_message("x".repeat(1_000_000));
    assert_eq!(pair.peer.stats().messages_dropped, 1);
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_channel_messages_are_counted_and_dropped() {
    let mut pair = Pair::make(Options { channel: false, ..Options::default() }, Direction::SendReceive).await;
    pair.peer.send_message("nobody hears".into());
    assert_eq!(pair.peer.stats().messages_dropped, 1);
    pair.client.send(&picture(true, 0, 100), 5).await;
    pair.wait(|saw| matches!(saw, Saw::Unit(5, ..))).await;
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keyframes_are_asked_for_at_the_start_and_on_demand() {
    let mut pair = Pair::make(Options::default(), Direction::SendReceive).await;
    pair.client.send(&picture(true, 0, 100), 0).await;
    pair.client.wait(|event| *event == Event::KeyframeWanted).await;
    let first = Instant::now();
    for _ in 0..10 {
        pair.peer.request_keyframe();
        sleep(Duration::from_millis(5)).await;
    }
    pair.client.wait(|event| *event == Event::KeyframeWanted).await;
    assert!(first.elapsed() > Duration::from_millis(300), "two requests follow each other too fast");
    assert_eq!(pair.peer.stats().keyframes_requested, 2);

    // The other way round: the viewer asks.
    pair.client.send(&picture(true, 0, 100), 1).await;
    pair.client.wait(|event| matches!(event, Event::Unit { timestamp: 1, .. })).await;
    while pair.saw.try_recv().is_ok() {}
    pair.client.request_keyframe().await;
    pair.wait(|saw| *saw == Saw::KeyframeWanted).await;
    pair.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn video_can_go_one_way_only() {
    // A viewer: nothing is sent before a keyframe, which is asked for when the connection is there.
    let mut pair = Pair::make(Options { direction: Way::Recvonly, ..Options::default() }, Direction::SendOnly).await;
    pair.wait(|saw| *saw == Saw::KeyframeWanted).await;
    pair.peer.send_frame(frame(false, 1, 100, 1));
    pair.peer.send_frame(frame(true, 2, 5000, 2));
    pair.peer.send_frame(frame(false, 3, 100, 3));
    for expected in [2, 3] {
        let event = pair.client.wait(|event| matches!(event, Event::Unit { .. })).await;
        assert!(matches!(event, Event::Unit { timestamp, .. } if timestamp == expected), "{event:?}");
    }
    assert_eq!(pair.peer.stats().frames_dropped, 1);
    pair.peer.close().await;

    // A camera, also when it would like to get something back.
    for direction in [Way::Sendonly, Way::Sendrecv] {
        let mut pair = Pair::make(Options { direction, ..Options::default() }, Direction::ReceiveOnly).await;
        pair.client.send(&picture(true, 0, 3000), 77).await;
        pair.wait(|saw| matches!(saw, Saw::Unit(77, ..))).await;
        pair.peer.send_frame(frame(true, 2, 100, 2));
        pair.peer.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_vanishes_is_noticed() {
    let mut pair = Pair::make(Options::default(), Direction::SendReceive).await;
    pair.client.vanish();
    let start = Instant::now();
    wait(&mut pair.saw, |saw| *saw == Saw::State(State::Disconnected)).await;
    wait(&mut pair.saw, |saw| matches!(saw, Saw::State(State::Failed | State::Closed))).await;
    assert!(start.elapsed() < Duration::from_secs(10));
    pair.peer.close().await;
    drop(pair.peer);
    let_go(&pair.watcher).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_says_farewell_is_gone_at_once() {
    let mut pair = Pair::make(Options::default(), Direction::SendReceive).await;
    let start = Instant::now();
    pair.client.close().await;
    wait(&mut pair.saw, |saw| matches!(saw, Saw::State(State::Failed | State::Closed))).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_tells_the_client_and_frees_everything() {
    let mut pair = Pair::make(Options::default(), Direction::SendReceive).await;
    pair.client.send(&picture(true, 0, 100), 0).await;
    pair.client.wait(|event| matches!(event, Event::Unit { .. })).await;
    pair.peer.close().await;
    pair.wait(|saw| *saw == Saw::State(State::Closed)).await;
    pair.client.wait(|event| *event == Event::ChannelClosed).await;
    let candidate = Candidate {
        candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host".into(),
        sdp_mid: None,
        sdp_m_line_index: None,
    };
    assert!(matches!(pair.peer.add_candidate(candidate).await, Err(Error::Closed)));
    pair.peer.send_frame(frame(true, 0, 100, 0));
    pair.peer.send_message("late".into());
    drop(pair.peer);
    let_go(&pair.watcher).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_peer_frees_everything() {
    let pair = Pair::make(Options::default(), Direction::SendReceive).await;
    drop(pair.peer);
    let_go(&pair.watcher).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_nobody_waits_for_frees_everything() {
    let (_client, offer) = Client::offer(Options::default()).await;
    for micros in [0, 100, 300, 1000, 2000, 3000, 5000, 10_000] {
        let (watcher, _saw) = watcher();
        let transport = transport();
        let _ =
            timeout(Duration::from_micros(micros), transport.answer(&offer, Direction::SendReceive, watcher.clone()))
                .await;
        let_go(&watcher).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn candidates_may_come_later_or_not_at_all() {
    for later in [true, false] {
        let (mut client, offer) = Client::offer(Options::default()).await;
        let of_candidates = |line: &&str| line.starts_with("a=candidate") || line.starts_with("a=end-of-candidates");
        let without: String =
            offer.lines().filter(|line| !of_candidates(line)).map(|line| format!("{line}\r\n")).collect();
        // Browsers hide their address behind a name.
        let hidden = without.replacen(
            "a=mid:0\r\n",
            "a=mid:0\r\na=candidate:9 1 udp 1 0d2fbd8e-0000-4000-8000-000000000000.local 5 typ host\r\n",
            1,
        );
        let (watcher, mut saw) = watcher();
        let (answer, peer) = transport().answer(&hidden, Direction::SendReceive, watcher).await.unwrap();
        client.accept(&answer).await;
        let give = |text: &str| {
            let candidate = text.strip_prefix("a=").unwrap_or(text).to_owned();
            peer.add_candidate(Candidate { candidate, sdp_mid: Some("0".into()), sdp_m_line_index: Some(0) })
        };
        for candidate in offer.lines().filter(|line| later && line.starts_with("a=candidate")) {
            give(candidate).await.unwrap();
        }
        give("").await.unwrap();
        assert!(matches!(give("candidate:what").await, Err(Error::Candidate(_))));
        wait(&mut saw, |saw| *saw == Saw::State(State::Connected)).await;
        peer.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_candidates_is_refused() {
    let (_client, offer) = Client::offer(Options::default()).await;
    let (watcher, _saw) = watcher();
    let (_, peer) = transport().answer(&offer, Direction::SendReceive, watcher).await.unwrap();
    let mut refused = 0;
    for port in 1000..1100 {
        let candidate = format!("candidate:{port} 1 udp {port} 127.0.0.1 {port} typ host");
        let given = peer.add_candidate(Candidate { candidate, sdp_mid: None, sdp_m_line_index: None }).await;
        refused += usize::from(given.is_err());
    }
    assert!(refused >= 68, "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ports_come_from_the_range_and_are_given_back() {
    let port = UdpSocket::bind((LOCAL, 0)).unwrap().local_addr().unwrap().port();
    let settings = Settings { addresses: vec![LOCAL], udp_ports: Some(port..=port), ..Settings::default() };
    let transport = framebox_rtc::transport(settings);
    let (_client, offer) = Client::offer(Options::default()).await;
    let answer = async || transport.answer(&offer, Direction::SendReceive, watcher().0).await;
    for _ in 0..2 {
        let (sdp, peer) = answer().await.unwrap();
        let candidates: Vec<&str> = sdp.lines().filter(|line| line.starts_with("a=candidate")).collect();
        assert!(
            !candidates.is_empty()
                && candidates.iter().all(|line| line.contains(&format!("127.0.0.1 {port} typ host")))
        );
        assert!(matches!(answer().await, Err(Error::NoPort)));
        peer.close().await;
        drop(peer);
    }
}

/// The answer's video section.
fn video(answer: &str) -> Vec<&str> {
    let from = answer.lines().skip_while(|line| !line.starts_with("m=video"));
    from.enumerate().take_while(|(index, line)| *index == 0 || !line.starts_with("m=")).map(|(_, line)| line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_offers_are_answered_with_h264_alone() {
    for (offer, formats) in [
        (include_str!("../../../tests/offers/chromium.sdp"), "108 109"),
        (include_str!("../../../tests/offers/firefox.sdp"), "126 127"),
    ] {
        let offer = offer.replace('\n', "\r\n").replace("\r\r", "\r");
        let (watcher, _saw) = watcher();
        let (answer, peer) = transport().answer(&offer, Direction::SendReceive, watcher.clone()).await.unwrap();
        let video = video(&answer);
        assert!(
            video[0].starts_with("m=video 9 UDP/TLS/RTP/SAVPF ") && video[0].ends_with(&format!(" {formats}")),
            "{answer}"
        );
        let (pictures, again) = formats.split_once(' ').unwrap();
        for line in [
            "a=sendrecv".to_owned(),
            "a=rtcp-mux".to_owned(),
            "a=setup:active".to_owned(),
            format!("a=rtpmap:{pictures} H264/90000"),
            format!("a=fmtp:{again} apt={pictures}"),
            format!("a=rtcp-fb:{pictures} nack"),
            format!("a=rtcp-fb:{pictures} nack pli"),
            format!("a=rtcp-fb:{pictures} ccm fir"),
            format!("a=rtcp-fb:{pictures} transport-cc"),
        ] {
            assert!(video.iter().any(|given| given.trim() == line), "{line} in {answer}");
        }
        assert!(video.iter().any(|line| line.starts_with("a=ssrc-group:FID ")), "{answer}");
        assert!(video.iter().any(|line| line.contains("127.0.0.1")), "{answer}");
        assert!(answer.contains("a=group:BUNDLE 0 1\r\n"), "{answer}");
        assert!(answer.contains("m=application 9 UDP/DTLS/SCTP webrtc-datachannel"), "{answer}");
        peer.close().await;
        drop(peer);
        let_go(&watcher).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_offers_leave_nothing_behind() {
    let chromium = include_str!("../../../tests/offers/chromium.sdp");
    for (offer, wrong) in [
        (String::new(), "offer"),
        ("v=0\r\n".to_owned(), "offer"),
        (chromium.replace("H264/90000", "H266/90000"), "H.264"),
        (chromium.replace("m=video", "m=audio"), "no video"),
        (chromium.replace("a=fingerprint:sha-256 4D", "a=fingerprint:sha-256 {}"), "fingerprint"),
        (chromium.replace("a=fingerprint:sha-256 ", "a=fingerprint:"), "offer"),
        (chromium.replace("a=ice-pwd:", "a=nothing:"), "ice-pwd"),
    ] {
        let (watcher, _saw) = watcher();
        let answered = transport().answer(&offer, Direction::SendReceive, watcher.clone()).await;
        let error = answered.err().expect("it is refused").to_string();
        assert!(error.contains(wrong), "{error}");
        let_go(&watcher).await;
    }
}

/// Pictures that wait are bounded even when the connection takes none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_before_the_connection_are_dropped() {
    let (_client, offer) = Client::offer(Options::default()).await;
    let (watcher, _saw) = watcher();
    let (_, peer) = transport().answer(&offer, Direction::SendReceive, watcher).await.unwrap();
    for number in 0..1000 {
        peer.send_frame(frame(true, number, 1000, number as u32));
    }
    assert_eq!(peer.stats().frames_dropped, 1000);
}

use std::pin::Pin;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use framebox_media::{Codec, encode};
use framebox_picture::{Picture, Size};
use framebox_pipeline::{Budgets, Policy, stream};
use framebox_rtc::{Candidate, Error, Fragment, IceSession, Stats};
use framebox_sandbox::{Engine, Limits, MemoryAccount, NoSources, Settings};
use framebox_worker::sources::NoGrants;
use framebox_worker::{Setup, Workers};

use super::*;

/// Records what a session sends.
#[derive(Default)]
struct Recorder {
    sent: Mutex<Sent>,
    changed: Condvar,
}

#[derive(Default)]
struct Sent {
    frames: Vec<EncodedFrame>,
    messages: Vec<String>,
    keyframe_requests: usize,
}

impl Recorder {
    fn change(&self, change: impl FnOnce(&mut Sent)) {
        change(&mut self.sent.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait(&self, until: impl Fn(&Sent) -> bool) {
        let sent = self.sent.lock().unwrap();
        let (_sent, timeout) =
            self.changed.wait_timeout_while(sent, Duration::from_secs(120), |sent| !until(sent)).unwrap();
        assert!(!timeout.timed_out(), "it did not happen");
    }
}

type Done<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl Peer for Recorder {
    fn add_candidate<'a, 'b>(&'a self, _: Candidate) -> Done<'b, Result<(), Error>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async { Ok(()) })
    }

    fn renegotiate<'a, 'b, 'c>(&'a self, _: &'b str) -> Done<'c, Result<String, Error>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async { Err(Error::Closed) })
    }

    fn ice_session(&self) -> IceSession {
        IceSession::default()
    }

    fn restart_ice<'a, 'b, 'c, 'd>(&'a self, _: &'b Fragment, _: &'c str) -> Done<'d, Result<String, Error>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        Box::pin(async { Err(Error::Closed) })
    }

    fn send_frame(&self, frame: EncodedFrame) {
        self.change(|sent| sent.frames.push(frame));
    }

    fn send_message(&self, text: String) {
        self.change(|sent| sent.messages.push(text));
    }

    fn request_keyframe(&self) {
        self.change(|sent| sent.keyframe_requests += 1);
    }

    fn stats(&self) -> Stats {
        Stats::default()
    }

    fn close<'a, 'b>(&'a self) -> Done<'b, ()>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async {})
    }
}

fn session(connection: &Connection) -> Arc<RunningSession> {
    let path = format!("{}/../../guest-examples/prebuilt/invert.wasm", env!("CARGO_MANIFEST_DIR"));
    let engine = Engine::new(&Settings::default()).unwrap();
    let session = framebox_pipeline::Setup {
        component: engine.load(&std::fs::read(path).unwrap()).unwrap(),
        fps: None,
        largest_input: Size::new(1920, 1080),
        limits: Limits::default(),
        encoding: stream::Settings::default(),
        log: connection.control().clone(),
        sources: Arc::new(NoSources),
        account: MemoryAccount::default(),
        policy: Policy::default(),
        budgets: Budgets::default(),
        permit: None,
    };
    let (connections, grants) = (connection.of_session(), Arc::new(NoGrants));
    Arc::new(Workers::threads().session(Setup { session, connections, grants }))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_leads_to_the_other_end_and_neither_end_keeps_the_other_alive() {
    let connection = Arc::new(Connection::new(&MemoryAccount::default(), Duration::from_secs(30)));
    connection.set_needs(Needs::of(Codec::H264));
    let session = session(&connection);
    let recorder = Arc::<Recorder>::default();
    let peer: Arc<dyn Peer> = recorder.clone();
    connection.connect(Some(&peer), &session);
    connection.state(State::Connected);
    connection.start(&session).await.unwrap();
    assert!(connection.start(&session).await.is_err(), "it starts once");
    let mut camera = Codec::H264.encoder(&encode::Settings::default()).unwrap();
    let mut number = 0;
    let mut film = || {
        let picture = Picture::black(Size::new(320, 240)).unwrap();
        let mut data = Vec::new();
        let pts = Duration::from_millis(33) * number;
        let keyframe = camera.encode(picture.planes(), pts, false, &mut data).unwrap().keyframe;
        let (codec, rtp_timestamp) = (Codec::H264, 3000 * number);
        number += 1;
        connection.frame(EncodedFrame { codec, data: data.into(), keyframe, rtp_timestamp, captured: Instant::now() });
        recorder.wait(|sent| sent.frames.last().is_some_and(|frame| frame.rtp_timestamp == rtp_timestamp));
    };
    film();
    film();
    connection.keyframe_wanted();
    film();
    let keyframes: Vec<_> = recorder.sent.lock().unwrap().frames.iter().map(|frame| frame.keyframe).collect();
    assert_eq!(keyframes, [true, false, true]);
    connection.bitrate(300_000);
    assert_eq!(session.bitrate(), 300_000);
    connection.sent(0, Instant::now());
    assert!(session.stats().await.unwrap().stages_ms.total.is_some());
    connection.message(r#"{"type":"set_parameters","parameters":{"strength":3},"request":7}"#.into());
    connection.channel_open();
    recorder.wait(|sent| sent.messages.iter().any(|text| text.contains(r#""request":7"#)));
    connection.frame(EncodedFrame {
        codec: Codec::H264,
        data: vec![0, 0, 0, 1, 0x65, 9, 9, 9].into(),
        keyframe: true,
        rtp_timestamp: 9,
        captured: Instant::now(),
    });
    recorder.wait(|sent| sent.keyframe_requests > 0);
    drop(peer);
    let begin = Instant::now();
    // The decode thread may be in a call of the peer.
    while Arc::strong_count(&recorder) > 1 {
        assert!(begin.elapsed() < Duration::from_secs(120), "the session does not keep its peer");
        std::thread::yield_now();
    }
    assert!(session.end());
    drop(session);
    let mut watch = connection.control().watch();
    watch.wait_for(|watched| watched.ended.is_some()).await.unwrap();
    assert!(connection.ends.session().is_none());
}

//! Whole sessions: real codecs, real components, the threads as they are.

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "tests sleep and start tasks")]

mod budgets;
mod causes;
mod encoding;
mod feeds;
mod nut;
mod policies;
mod swaps;
mod viewers;

use std::sync::{Arc, Mutex, OnceLock};
use std::thread::sleep;
use std::time::{Duration, Instant};

use framebox_media::{Codec, EncodedFrame, encode};
use framebox_picture::{Picture, Size};
use framebox_pipeline::session::parameters::Applied;
use framebox_pipeline::{
    Attachment, Budgets, Connections, Needs, Notice, Policy, Session, SessionEvents, Setup, Upstream, Viewer, stream,
};
use framebox_sandbox::{Budget, Component, Engine, Limits, MemoryAccount, NoLog, NoSources, OutputValue, Settings};
use serde_json::json;

const SIZE: Size = Size::new(320, 240);
const H264: Needs = Needs::of(Codec::H264);

#[derive(Default)]
struct Heard {
    frames: Vec<EncodedFrame>,
    notices: Vec<Notice>,
    applied: Vec<Applied>,
    values: Vec<(u64, Vec<OutputValue>)>,
    keyframes_needed: usize,
    /// Ends of feeds.
    inputs: Vec<Option<String>>,
    ended: Option<String>,
}

#[derive(Default)]
struct Listener(Mutex<Heard>, OnceLock<Attachment>);

impl Viewer for Listener {
    fn frame(&self, frame: EncodedFrame) {
        self.0.lock().unwrap().frames.push(frame);
    }
}

impl Upstream for Listener {
    fn request_keyframe(&self) {
        self.0.lock().unwrap().keyframes_needed += 1;
    }
}

impl SessionEvents for Listener {
    fn values(&self, sequence: u64, _: i64, values: &[OutputValue]) {
        self.0.lock().unwrap().values.push((sequence, values.to_vec()));
    }
    fn applied(&self, applied: Applied) {
        self.0.lock().unwrap().applied.push(applied);
    }
    fn notice(&self, notice: Notice) {
        self.0.lock().unwrap().notices.push(notice);
    }
    fn input_ended(&self, reason: Option<String>) {
        self.0.lock().unwrap().inputs.push(reason);
    }
    fn ended(&self, reason: &str) {
        self.0.lock().unwrap().ended = Some(reason.to_owned());
    }
}

/// Starts a session that `listener` is connected to and views.
fn connect(setup: Setup, listener: &Arc<Listener>) -> Session {
    let connections = Connections { upstream: listener.clone(), events: listener.clone() };
    let session = Session::start(setup, connections).unwrap();
    if let Some(attachment) = session.stream().attach(H264, listener.clone()) {
        listener.1.set(attachment).unwrap();
    }
    session
}

impl Listener {
    /// Waits until `what` is true of what was heard.
    fn wait(&self, what: &str, mut until: impl FnMut(&Heard) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !until(&self.0.lock().unwrap()) {
            let heard = self.0.lock().unwrap();
            assert!(
                Instant::now() < deadline,
                "{what} did not happen: {} frames, notices {:?}, ended {:?}",
                heard.frames.len(),
                heard.notices.iter().map(|notice| &notice.message).collect::<Vec<_>>(),
                heard.ended
            );
            drop(heard);
            sleep(Duration::from_millis(5));
        }
    }
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(&Settings::default()).unwrap())
}

fn case(name: &str) -> Component {
    engine().load(&framebox_test_components::case(name)).unwrap()
}

fn built_in(name: &str) -> Component {
    let path = format!("{}/../../guest-examples/prebuilt/{name}.wasm", env!("CARGO_MANIFEST_DIR"));
    engine().load(&std::fs::read(path).unwrap()).unwrap()
}

fn start(component: Component) -> (Session, Arc<Listener>) {
    start_within(component, Duration::from_millis(400))
}

fn start_within(component: Component, time: Duration) -> (Session, Arc<Listener>) {
    let listener = Arc::new(Listener::default());
    (connect(setup(component, time), &listener), listener)
}

fn setup(component: Component, time: Duration) -> Setup {
    Setup {
        component,
        fps: None,
        largest_input: Size::new(1920, 1080),
        limits: Limits { call: Budget { time, fuel: u64::MAX / 2 }, ..Limits::default() },
        encoding: stream::Settings::default(),
        log: Arc::new(NoLog),
        sources: Arc::new(NoSources),
        account: MemoryAccount::default(),
        policy: Policy::default(),
        budgets: Budgets::default(),
        permit: None,
    }
}

/// A gray generator, 320x240, as bright as the time in fifths of a second; it spins for SPIN rounds first. After LAST
/// frames it is over.
const GENERATOR: &str = r#"
(data (i32.const 3000) "over")
(global $frames (mut i32) (i32.const 0))
(func (export "framebox:video/generate@0.1.0#next")
  (param $now i64) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (local $left i32)
  (global.set $frames (i32.add (global.get $frames) (i32.const 1)))
  (if (i32.gt_u (global.get $frames) (i32.const LAST)) (then
    (call $drop-output (local.get $output))
    (i32.store (i32.const 3100) (i32.const 1))
    (i32.store (i32.const 3104) (i32.const 1))
    (i32.store (i32.const 3108) (i32.const 3000))
    (i32.store (i32.const 3112) (i32.const 4))
    (return (i32.const 3100))))
  (local.set $left (i32.const SPIN))
  (loop $again (br_if $again (i32.gt_s (local.tee $left (i32.sub (local.get $left) (i32.const 1))) (i32.const 0))))
  (if (i32.lt_u (memory.size) (i32.const 8)) (then (drop (memory.grow (i32.const 8)))))
  (memory.fill (i32.const 131072) (i32.wrap_i64 (i64.div_u (local.get $now) (i64.const 200000))) (i32.const 76800))
  (call $draw (local.get $output) (i32.const 320) (i32.const 240) (i32.const 2)
    (i32.const 131072) (i32.const 76800) (i32.const 1300))
  (call $return (local.get $output)))"#;

fn generate(fps: Option<f32>, spin: u32, last: u32) -> (Session, Arc<Listener>) {
    let body = GENERATOR.replace("SPIN", &spin.to_string()).replace("LAST", &last.to_string());
    let component = engine().load(&framebox_test_components::component(&body, "video-generator")).unwrap();
    let listener = Arc::new(Listener::default());
    let setup = Setup { fps, ..setup(component, Duration::from_secs(5)) };
    (connect(setup, &listener), listener)
}

/// A camera: flat gray pictures, whose luma tells them apart.
struct Camera {
    codec: Codec,
    encoder: Box<dyn framebox_media::Encoder>,
    size: Size,
    frame: u32,
    /// Every picture is a keyframe.
    only_keyframes: bool,
}

impl Camera {
    fn new() -> Self {
        Self::of(SIZE)
    }

    /// One with pictures of another size.
    fn of(size: Size) -> Self {
        Self::with(Codec::H264, size)
    }

    fn with(codec: Codec, size: Size) -> Self {
        let encoder = codec.encoder(&encode::Settings::default()).unwrap();
        Self { codec, encoder, size, frame: 0, only_keyframes: false }
    }

    fn next(&mut self) -> EncodedFrame {
        let mut picture = Picture::black(self.size).unwrap();
        picture.planes_mut().0.fill(40 + (self.frame % 160) as u8);
        let mut data = Vec::new();
        let pts = Duration::from_millis(33 * u64::from(self.frame));
        let keyframe = self.encoder.encode(picture.planes(), pts, self.only_keyframes, &mut data).unwrap().keyframe;
        // The RTP clock wraps on the way.
        let rtp_timestamp = (u32::MAX - 30_000).wrapping_add(self.frame * 3000);
        self.frame += 1;
        EncodedFrame { codec: self.codec, data: data.into(), keyframe, rtp_timestamp, captured: Instant::now() }
    }

    /// Sends pictures at 30 a second.
    fn film(&mut self, session: &Session, frames: u32) -> Vec<u32> {
        let begin = Instant::now();
        (0..frames)
            .map(|i| {
                sleep((begin + Duration::from_millis(33) * i).saturating_duration_since(Instant::now()));
                let unit = self.next();
                let rtp_timestamp = unit.rtp_timestamp;
                session.push(EncodedFrame { captured: Instant::now(), ..unit });
                rtp_timestamp
            })
            .collect()
    }
}

/// Mean luma of each picture.
fn lumas(frames: &[EncodedFrame]) -> Vec<u8> {
    let mut decoder = Codec::H264.decoder().unwrap();
    frames
        .iter()
        .map(|frame| {
            assert!(decoder.decode(&frame.data).unwrap());
            let luma = decoder.picture().unwrap().planes.y;
            let sum: u64 = luma.data[..SIZE.width as usize].iter().map(|luma| u64::from(*luma)).sum();
            (sum / u64::from(SIZE.width)) as u8
        })
        .collect()
}

#[test]
fn pictures_go_through_the_handler_in_order_with_their_timestamps() {
    let (session, listener) = start(built_in("invert"));
    let mut camera = Camera::new();
    let timestamps = camera.film(&session, 60);
    listener.wait("the last picture's arrival", |heard| {
        heard.frames.last().is_some_and(|frame| Some(&frame.rtp_timestamp) == timestamps.last())
    });
    let stats = session.stats();
    session.join();
    let heard = listener.0.lock().unwrap();
    assert!(heard.frames.len() >= 50, "{} of 60 came back", heard.frames.len());
    let of: Vec<_> =
        heard.frames.iter().map(|frame| timestamps.iter().position(|t| *t == frame.rtp_timestamp).unwrap()).collect();
    assert!(of.is_sorted_by(|a, b| a < b), "each at most once and in order: {of:?}");
    for (index, luma) in of.iter().zip(lumas(&heard.frames)) {
        let inverted = 251 - (40 + *index as u8);
        assert!(luma.abs_diff(inverted) <= 3, "picture {index}: {luma}, not {inverted}");
    }
    let skipped: u64 = stats.frames.skipped.values().sum();
    assert_eq!(stats.frames.received, stats.frames.processed + skipped);
    assert_eq!((stats.frames.received, stats.frames.sent), (60, heard.frames.len() as u64));
    assert!(stats.stages_ms.handler.is_some() && stats.fuel.p50 > 0 && stats.instances_made == 1);
}

#[test]
fn a_slow_handler_skips_and_never_lags() {
    let (session, listener) = start_within(case("naps"), Duration::from_secs(5));
    let mut camera = Camera::new();
    let timestamps = camera.film(&session, 90);
    let last = timestamps.len() - 1;
    listener.wait("one of the last pictures' arrival", |heard| {
        heard.frames.last().is_some_and(|frame| timestamps[last - 7..].contains(&frame.rtp_timestamp))
    });
    let stats = session.stats();
    session.join();
    // Six frames come in the time of a call, fewer on a busy machine.
    let processed = stats.frames.processed;
    let skipped: u64 = stats.frames.skipped.values().sum();
    assert!(processed >= 5 && skipped >= processed * 2, "{:?}", stats.frames);
    assert!(stats.frames.received - processed - skipped <= 2, "all are accounted for: {:?}", stats.frames);
    let (wait, handler) = (stats.stages_ms.wait.unwrap().p50, stats.stages_ms.handler.unwrap().p50);
    assert!(wait < handler / 2.0, "what is processed is recent: it waited {wait} ms for calls of {handler} ms");
}

#[test]
fn a_handler_that_fails_is_replaced_and_rests_and_the_session_goes_on() {
    for (name, code) in
        [("trap", "trap"), ("spin", "time"), ("exhaust-memory", "memory"), ("wrong-length", "bad-output")]
    {
        let (session, listener) = start(case(name));
        let mut camera = Camera::new();
        camera.film(&session, 45);
        listener.wait("a failure", |heard| heard.notices.iter().any(|notice| notice.code == code));
        let stats = session.stats();
        assert!(stats.frames.failed.get(code).is_some_and(|count| *count >= 1), "{name}: {:?}", stats.frames);
        assert_eq!(stats.frames.processed, 0, "{name}");
        if code != "bad-output" {
            assert!(stats.instances_made >= 2, "{name}: a fresh instance took over");
        }
        assert!(listener.0.lock().unwrap().ended.is_none(), "{name}: the session goes on");
        session.join();
        assert!(listener.0.lock().unwrap().ended.is_some());
    }
}

#[test]
fn a_handler_fails_now_and_then_and_works_again_in_between() {
    let (session, listener) = start(case("spin-every-10th"));
    let mut camera = Camera::new();
    for _ in 0..6 {
        camera.film(&session, 20);
    }
    listener.wait("many pictures", |heard| heard.frames.len() >= 40);
    let stats = session.stats();
    assert!(stats.frames.failed["time"] >= 2, "{:?}", stats.frames);
    assert_eq!(stats.instances_made, stats.frames.failed["time"] + 1);
    session.join();
}

#[test]
fn a_handler_that_cannot_start_ends_the_session_with_the_reason() {
    let (session, listener) = start(case("spin-init"));
    listener.wait("the end", |heard| heard.ended.is_some());
    assert!(listener.0.lock().unwrap().notices.iter().any(|notice| notice.code == "time"));
    session.join();
}

#[test]
fn a_finished_handler_ends_the_session() {
    let (session, listener) = start(case("finished"));
    Camera::new().film(&session, 2);
    listener.wait("the end", |heard| heard.ended.as_deref() == Some("enough"));
    session.join();
}

#[test]
fn nothing_to_show_sends_nothing_and_counts() {
    let (session, listener) = start(case("return-nothing"));
    let mut camera = Camera::new();
    camera.film(&session, 15);
    listener.wait("processing", |_| session.stats().frames.processed >= 5);
    assert_eq!(session.stats().frames.sent, 0);
    session.join();
    assert!(listener.0.lock().unwrap().frames.is_empty());
}

#[test]
fn parameters_apply_between_frames_and_wrong_ones_are_refused() {
    let (session, listener) = start(built_in("invert"));
    let mut camera = Camera::new();
    camera.film(&session, 10);
    let ask = |text| serde_json::from_str::<serde_json::Map<_, _>>(text).unwrap();
    assert!(session.set_parameters(&ask(r#"{"strength": 0}"#), Some(7)).is_empty());
    listener.wait("the change", |heard| heard.applied.iter().any(|applied| applied.requests == [7]));
    assert_eq!(session.parameters()["strength"], json!(0));
    let shown = camera.film(&session, 20);
    listener
        .wait("pictures after it", |heard| heard.frames.last().is_some_and(|f| shown[15..].contains(&f.rtp_timestamp)));
    let wrong = session.set_parameters(&ask(r#"{"strength": 101, "other": 1}"#), Some(8));
    assert_eq!(wrong.iter().map(|wrong| wrong.id.as_str()).collect::<Vec<_>>(), ["other", "strength"]);
    assert!(wrong[0].to_string().contains("it has strength"), "{}", wrong[0]);
    session.join();
    let heard = listener.0.lock().unwrap();
    let last = lumas(&heard.frames).last().copied().unwrap();
    let index = (heard.frames.last().unwrap().rtp_timestamp.wrapping_sub(u32::MAX - 30_000)) / 3000;
    assert!(last.abs_diff(40 + index as u8) <= 3, "with strength 0 the picture is as it was: {last}");
    let applied = heard.applied.last().unwrap();
    assert!(applied.sequence <= 11 && applied.parameters["strength"] == 0, "{applied:?}");
}

#[test]
fn damage_and_overflow_ask_for_a_keyframe_and_heal() {
    let (session, listener) = start(built_in("invert"));
    let mut camera = Camera::new();
    let first = camera.next();
    session.push(camera.next());
    listener.wait("a request", |heard| heard.keyframes_needed == 1);
    session.push(first);
    session.push(EncodedFrame { data: vec![0, 0, 0, 1, 0x65, 9, 9, 9].into(), ..camera.next() });
    listener.wait("another request", |heard| heard.keyframes_needed >= 2);
    // Far more at once than the queue holds: nothing blocks, nothing grows.
    let mut flood = Camera::new();
    let units: Vec<_> = (0..400).map(|_| flood.next()).collect();
    for unit in units {
        session.push(unit);
    }
    let mut fresh = Camera { only_keyframes: true, ..Camera::new() };
    let before = listener.0.lock().unwrap().frames.len();
    fresh.film(&session, 15);
    // Its timestamps begin anew; those of what is shown go on.
    listener.wait("pictures again", |heard| heard.frames.len() >= before + 8);
    session.join();
}

#[test]
fn a_generator_begins_when_somebody_watches_and_keeps_its_rate() {
    for (asked, fps) in [(None, 30.0), (Some(60.0), 60.0), (Some(24.0), 24.0)] {
        let (session, listener) = generate(asked, 1, u32::MAX);
        assert_eq!(session.fps(), Some(fps));
        sleep(Duration::from_millis(200));
        assert_eq!(session.stats().frames.received, 0, "nobody watches yet");
        session.begin();
        let wanted = fps as usize * 3 + 1;
        listener.wait("three seconds of pictures", |heard| heard.frames.len() >= wanted);
        let stats = session.stats();
        session.join();
        let heard = listener.0.lock().unwrap();
        assert!(heard.frames[0].keyframe);
        let stamp = |i: usize| heard.frames[i].rtp_timestamp;
        // On the clock of RTP what is shown is evenly spaced, however late it was made; what a busy machine left out is
        // counted.
        let interval = 90_000.0 / f64::from(fps);
        let steps = |i: usize| f64::from(stamp(i).wrapping_sub(stamp(i - 1))) / interval;
        let even = (1..wanted).all(|i| (steps(i) - steps(i).round()).abs() * interval <= 2.0);
        let left_out: f64 = (1..wanted).map(|i| steps(i).round() - 1.0).sum();
        let skipped = stats.frames.skipped.values().sum::<u64>();
        assert!(skipped as f64 >= left_out, "{left_out} are missing: {:?}", stats.frames);
        assert!(even && stats.stages_ms.decode.is_none() && stats.stages_ms.handler.is_some());
    }
}

#[test]
fn a_generator_that_is_too_slow_shows_the_present_and_every_moment_is_accounted_for() {
    let (session, listener) = generate(Some(120.0), 200_000_000, u32::MAX);
    session.begin();
    listener.wait("some pictures", |heard| heard.frames.len() >= 8);
    let frames = session.stats().frames;
    session.join();
    let skipped: u64 = frames.skipped.values().sum();
    assert!(skipped > frames.processed, "{frames:?}");
    assert!(frames.received - frames.processed - skipped <= 1, "{frames:?}");
    let heard = listener.0.lock().unwrap();
    let shown = heard.frames.last().unwrap().rtp_timestamp - heard.frames[0].rtp_timestamp;
    assert!(u64::from(shown) / 750 >= frames.processed, "time goes on while frames are left out: {shown}");
}

#[test]
fn a_generator_ends_its_stream_and_takes_parameters_without_frames() {
    let (session, listener) = generate(Some(100.0), 1, 7);
    assert!(session.set_parameters(&serde_json::Map::new(), Some(3)).is_empty());
    listener.wait("the answer", |heard| heard.applied.iter().any(|applied| applied.requests == [3]));
    session.push(Camera::new().next());
    session.begin();
    listener.wait("the end", |heard| heard.ended.as_deref() == Some("over"));
    session.join();
    let heard = listener.0.lock().unwrap();
    assert_eq!((heard.frames.len(), heard.keyframes_needed), (7, 0));
}

//! Feeds reach a session wherever it runs, and from before its start.

#![allow(clippy::unwrap_used)]

#[path = "../../pipeline/tests/session/nut.rs"]
mod nut;

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use framebox_media::{Codec, EncodedFrame};
use framebox_picture::{Picture, Size};
use framebox_pipeline::session::parameters::Applied;
use framebox_pipeline::{
    Budgets, Connections, Feed, Needs, Notice, Policy, SessionEvents, Setup, Upstream, Viewer, stream,
};
use framebox_sandbox::{
    Budget, CompileLimits, Compiler, Component, Engine, Guests, Limits, MemoryAccount, NoLog, NoSources, OutputValue,
    Settings,
};
use framebox_worker::sources::NoGrants;
use framebox_worker::{Isolation, Processes, RunningSession, Workers};
use nut::Writer;

const SIZE: Size = Size::new(320, 240);
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Heard {
    frames: Mutex<usize>,
    inputs: Mutex<Vec<Option<String>>>,
}

impl Viewer for Heard {
    fn frame(&self, _: EncodedFrame) {
        *self.frames.lock().unwrap() += 1;
    }
}

impl Upstream for Heard {
    fn request_keyframe(&self) {}
}

impl SessionEvents for Heard {
    fn values(&self, _: u64, _: i64, _: &[OutputValue]) {}
    fn applied(&self, _: Applied) {}
    fn notice(&self, _: Notice) {}
    fn input_ended(&self, reason: Option<String>) {
        self.inputs.lock().unwrap().push(reason);
    }
    fn ended(&self, _: &str) {}
}

fn component(workers: &Workers) -> Component {
    let guests = match workers.isolation() {
        Isolation::Thread => Guests::Here,
        Isolation::Process => Guests::Elsewhere,
    };
    let engine = Engine::new(&Settings { guests, ..Settings::default() }).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../guest-examples/prebuilt/invert.wasm");
    let (bytes, limits) = (std::fs::read(path).unwrap(), CompileLimits::default());
    let code = Compiler::new().unwrap().compile(&bytes, &limits).unwrap();
    engine.load_compiled(&bytes, &code, &limits).unwrap()
}

fn session(workers: &Workers, heard: &Arc<Heard>) -> RunningSession {
    workers.session(framebox_worker::Setup {
        session: Setup {
            component: component(workers),
            fps: None,
            largest_input: Size::new(640, 480),
            limits: Limits { call: Budget { time: Duration::from_secs(5), fuel: u64::MAX / 2 }, ..Limits::default() },
            encoding: stream::Settings::default(),
            log: Arc::new(NoLog),
            sources: Arc::new(NoSources),
            account: MemoryAccount::default(),
            policy: Policy::default(),
            budgets: Budgets::default(),
            permit: None,
        },
        connections: Connections { upstream: heard.clone(), events: heard.clone() },
        grants: Arc::new(NoGrants),
    })
}

async fn until(what: &str, is: impl Fn() -> bool) {
    let waits = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await.unwrap_or_else(|_| panic!("{what} did not happen"));
}

async fn is_fed(workers: Workers) {
    let heard = Arc::new(Heard::default());
    let session = session(&workers, &heard);
    let pipe = |size| {
        let (read, write) = std::io::pipe().unwrap();
        session.feed(Feed::Pipe(OwnedFd::from(read).into()));
        Writer::new(write, b"I420", size).unwrap()
    };
    // It waits until the session starts.
    let mut writer = pipe(SIZE);
    session.start().await.unwrap();
    let _viewer = session.attach(Needs::of(Codec::H264), heard.clone()).unwrap();
    let play = tokio::task::spawn_blocking(move || {
        for at in 0..100 {
            writer.picture(at * 3000, &Picture::black(SIZE).unwrap()).unwrap();
            #[expect(clippy::disallowed_methods, reason = "a camera keeps its own time")]
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    until("pictures", || *heard.frames.lock().unwrap() > 5).await;
    play.await.unwrap();
    until("the end of the pipe", || *heard.inputs.lock().unwrap() == [None]).await;
    drop(pipe(Size::new(1000, 1000)));
    until("the refusal", || heard.inputs.lock().unwrap().len() == 2).await;
    assert!(heard.inputs.lock().unwrap()[1].as_ref().unwrap().contains("1000x1000"));
    session.end();
    drop(session);
    workers.close().await;
}

#[tokio::test]
async fn a_session_on_threads_is_fed() {
    is_fed(Workers::threads()).await;
}

#[tokio::test]
async fn a_session_in_a_process_is_fed() {
    let program = Some(env!("CARGO_BIN_EXE_framebox-worker-child").into());
    let processes = Processes { program, ready: 1, guest_memory: 256 << 20 };
    is_fed(Workers::processes(processes).await.unwrap()).await;
}

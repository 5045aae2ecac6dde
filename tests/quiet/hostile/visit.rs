//! One case's session, from the offer to its end.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_picture::Size;
use framebox_test_components::Expected;
use serde_json::{Value, json};
use tokio::time::sleep_until;

use framebox_test_peer::{Client, Event, Options, RTCPeerConnectionState};
use framebox_test_support::scene;
use framebox_test_support::server::{Server, sum, unaccounted};
use framebox_test_support::wait::LIMIT;

const SIZE: Size = Size::new(320, 240);
const INTERVAL: Duration = Duration::from_nanos(33_333_333);
/// Frames that a working case must process.
const ENOUGH: u64 = 5;
/// Frames after which a case whose later frames may fail counts as working.
const LATER: u64 = 150;

/// Sends two seconds of the scene repeatedly, thirty pictures a second.
#[derive(Default)]
pub struct Camera {
    frame: u32,
    next: Option<Instant>,
}

impl Camera {
    /// Waits until the next picture is due, and sends it.
    pub async fn send(&mut self, client: &mut Client) {
        static REEL: LazyLock<Vec<EncodedFrame>> = LazyLock::new(|| scene::frames(SIZE, 60, 300_000));
        let reel = &*REEL;
        let due = self.next.unwrap_or_else(Instant::now);
        sleep_until(due.into()).await;
        client.send(&reel[self.frame as usize % reel.len()], self.frame * 3000).await;
        self.frame += 1;
        self.next = Some(due + INTERVAL);
    }
}

/// Connects a client of `handler`.
pub async fn connect(server: &Server, id: &str, handler: &str) -> Client {
    let (mut client, sdp) = Client::offer(Options::default()).await;
    let offer = json!({ "sdp": sdp, "type": "offer", "webrtc_id": id });
    let answer = server.post(&format!("/webrtc/offer?handler={handler}"), &offer).await;
    assert_eq!(answer.status, 200, "{handler}: {answer:?}");
    client.accept(answer.json()["sdp"].as_str().unwrap()).await;
    let connected = Event::State(RTCPeerConnectionState::Connected);
    let mut seen = Vec::new();
    let begin = Instant::now();
    while seen.last() != Some(&connected) {
        assert!(begin.elapsed() < LIMIT, "{handler}: not connected: {seen:?}");
        match client.try_next() {
            Some(event) => seen.push(event),
            None => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
    client
}

/// Runs a session until the case has its expected outcome, and waits for its end.
pub async fn visit(server: Arc<Server>, name: String, expected: Expected) {
    let mut client = connect(&server, &name, &name).await;
    let (mut camera, mut messages) = (Camera::default(), Vec::new());
    let begin = Instant::now();
    while !is_there(&server, &name, &expected, &messages).await {
        assert!(begin.elapsed() < LIMIT, "{name} should come to {expected:?}; it said {messages:#?}");
        for _ in 0..5 {
            camera.send(&mut client).await;
        }
        gather(&mut client, &mut messages);
    }
    let ends_itself = expected.stage == "start" || expected.allows("finished");
    if !ends_itself {
        accounts(&server, &name, &expected).await;
        assert_eq!(server.delete(&format!("/sessions/{name}")).await.status, 204, "{name}");
    }
    until(&server, &name, "ends", |session| session.is_none()).await;
    let end = |message: &Value| message["type"] == "end_stream";
    let begin = Instant::now();
    while !messages.iter().any(end) {
        assert!(begin.elapsed() < LIMIT, "{name} is not told of its end: {messages:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
        gather(&mut client, &mut messages);
    }
    client.close().await;
}

fn gather(client: &mut Client, messages: &mut Vec<Value>) {
    while let Some(event) = client.try_next() {
        if let Event::Message(text) = event {
            messages.push(serde_json::from_str(&text).unwrap());
        }
    }
}

/// Returns whether the expected outcome was observed.
async fn is_there(server: &Server, name: &str, expected: &Expected, messages: &[Value]) -> bool {
    let said = |kind: &str| {
        messages.iter().any(|message| {
            let words = message["message"].as_str().unwrap_or_default();
            message["type"] == kind
                && message["code"].as_str().is_some_and(|code| expected.allows(code))
                && words.contains(&expected.says)
        })
    };
    match expected.stage.as_str() {
        "start" => said("error"),
        _ if expected.allows("finished") => messages.iter().any(|message| message["type"] == "end_stream"),
        _ if expected.allows("ok") => {
            let Some(session) = server.session(name).await else { panic!("{name} is gone: {messages:#?}") };
            let frames = &session["frames"];
            let processed = frames["processed"].as_u64().unwrap();
            match &expected.later {
                None => processed + sum(&frames["failed"]) >= ENOUGH,
                Some(code) => processed >= LATER || session["frames"]["failed"][code].as_u64() >= Some(1),
            }
        }
        _ => said("warning"),
    }
}

/// Checks that each picture is accounted for, and that none failed in an unexpected way.
async fn accounts(server: &Server, name: &str, expected: &Expected) {
    let all = |session: Option<&Value>| session.is_none_or(|session| unaccounted(session) <= 2);
    let session = until(server, name, "accounts for every picture", all).await;
    let session = session.unwrap_or_else(|| panic!("{name} is gone"));
    assert_eq!(session["state"], "live", "{name}: {session}");
    let failed = &session["frames"]["failed"];
    for code in failed.as_object().unwrap().keys() {
        assert!(expected.allows(code) || expected.later.as_ref() == Some(code), "{name}: {session}");
    }
}

/// Waits until `is` returns true for the session, or for None when it has ended.
///
/// Like [`Server::wait_for_session`], but `Send`.
async fn until(server: &Server, name: &str, what: &str, is: impl Fn(Option<&Value>) -> bool) -> Option<Value> {
    let begin = Instant::now();
    loop {
        let session = server.session(name).await;
        if is(session.as_ref()) {
            return session;
        }
        assert!(begin.elapsed() < LIMIT, "{name} {what}: not in time; instead: {session:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

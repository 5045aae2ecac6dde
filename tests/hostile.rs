//! Hostile handlers in live sessions: each harms its own session alone, is told by its name, and frees what it held.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::child::Child;
use support::python;
use support::scratch::Scratch;
use support::server::{Server, sum, unaccounted};
use support::wait::{seconds, wait_until};

/// What a session of a hostile handler comes to.
enum Outcome {
    /// Frames fail, told by one of these codes; the session goes on.
    Fails(&'static [&'static str]),
    /// No fault; pictures are sent, or not.
    Works { sends: bool },
    /// The handler never starts, told by this code, and the session ends.
    NeverStarts(&'static str),
}

use Outcome::{Fails, NeverStarts, Works};

const BEASTS: &[(&str, Outcome)] = &[
    ("spin", Fails(&["time", "fuel"])),
    ("trap", Fails(&["trap"])),
    ("exhaust-memory", Fails(&["memory"])),
    ("return-nothing", Works { sends: false }),
    ("wrong-length", Fails(&["bad-output"])),
    ("fill", Fails(&["time", "fuel"])),
    ("recursion", Fails(&["trap"])),
    ("log-flood", Works { sends: true }),
    ("spin-init", NeverStarts("time")),
];

/// Time over which the neighbour's frames are counted before any beast is there.
const BASELINE: Duration = seconds(3);

fn client(python: &Path, server: &Server, id: &str, handler: &str) -> Child {
    python::start(python, "stay.py", &[&server.base, id, handler])
}

/// Pictures that came back to a client so far.
fn came_back(client: &Child) -> u64 {
    let counts = client.out().into_iter().rev().filter_map(|line| {
        let event: Value = serde_json::from_str(&line).ok()?;
        event["count"].as_u64()
    });
    counts.max().unwrap_or(0)
}

async fn processed(server: &Server, id: &str) -> u64 {
    server.session(id).await.unwrap_or_else(|| panic!("{id} is gone"))["frames"]["processed"].as_u64().unwrap()
}

/// The neighbour's frames a second since `before`, taken at `begin`.
async fn rate(server: &Server, before: u64, begin: Instant) -> f64 {
    (processed(server, "neighbour").await - before) as f64 / begin.elapsed().as_secs_f64()
}

/// Waits for a message of `kind` with one of `codes` on the client's channel.
async fn told(client: &mut Child, kind: &str, codes: &[&str]) {
    let what = format!("is told of {codes:?}");
    client
        .find(&what, seconds(30), |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            let message = &event["message"];
            let code = message["code"].as_str()?;
            (message["type"] == kind && codes.contains(&code)).then_some(())
        })
        .await;
}

#[tokio::test]
async fn hostile_handlers_hurt_only_their_own_sessions() {
    let Some(python) = python::python() else { return };
    let scratch = Scratch::new();
    let mut flags = vec!["--sessions".to_owned(), "2".to_owned()];
    for (name, _) in BEASTS {
        let file = scratch.write(&format!("{name}.wasm"), framebox_zoo::beast(name));
        flags.extend(["--handler".to_owned(), format!("{name}={}", file.display())]);
    }
    let server = Server::start(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let neighbour = client(&python, &server, "neighbour", "invert");
    server
        .wait_for_session("neighbour", "is served", seconds(40), |it| it["frames"]["processed"].as_u64() > Some(20))
        .await;
    let (begin, before) = (Instant::now(), processed(&server, "neighbour").await);
    tokio::time::sleep(BASELINE).await;
    let usual = rate(&server, before, begin).await;
    assert!(usual > 5.0, "the neighbour alone is served at {usual:.1} frames a second");

    for (name, outcome) in BEASTS {
        let (begin, before, seen) = (Instant::now(), processed(&server, "neighbour").await, came_back(&neighbour));
        let mut beast = client(&python, &server, name, name);
        match outcome {
            Fails(codes) => {
                hurt(&server, name, codes).await;
                told(&mut beast, "warning", codes).await;
            }
            Works { sends } => works(&server, name, *sends).await,
            NeverStarts(code) => told(&mut beast, "error", &[code]).await,
        }
        let now = rate(&server, before, begin).await;
        eprintln!("beside {name}: {now:.1} frames a second, {usual:.1} before");
        assert!(now > usual * 0.5, "beside {name} the neighbour is served at {now:.1} frames a second, not {usual:.1}");
        assert!(came_back(&neighbour) > seen, "beside {name} the neighbour sees nothing");
        if !matches!(outcome, NeverStarts(_)) {
            assert_eq!(server.delete(&format!("/sessions/{name}")).await.status, 204);
        }
        freed(&server, name, &mut beast).await;
    }
    let health = server.get("/healthz").await.json();
    assert_eq!((&health["status"], &health["sessions"]), (&json!("ok"), &json!(1)));
    let session = server.session("neighbour").await.unwrap();
    assert_eq!(sum(&session["frames"]["failed"]), 0, "{session}");
    assert_eq!(session["instances_made"], 1, "{session}");
    // Millions of lines were said.
    let floods = server.child.err().iter().filter(|line| line.contains("flood session")).count();
    assert!((1..5000).contains(&floods), "{floods} lines were kept of the flood");
}

/// Waits until its frames failed under the right name; they are accounted for, and fresh instances took over.
async fn hurt(server: &Server, name: &str, codes: &[&str]) {
    let named = |session: &Value| codes.iter().any(|code| session["frames"]["failed"][*code].as_u64() >= Some(2));
    server.wait_for_session(name, &format!("fails with {codes:?}"), seconds(40), named).await;
    let all = |session: &Value| unaccounted(session) <= 2;
    let session = server.wait_for_session(name, "accounts for every picture", seconds(5), all).await;
    let frames = &session["frames"];
    for code in frames["failed"].as_object().unwrap().keys() {
        assert!(codes.contains(&code.as_str()), "{name}: {frames}");
    }
    assert_eq!(session["state"], "live", "the session goes on: {session}");
}

/// Waits until the handler was called for a while: nothing that it does is a fault.
async fn works(server: &Server, name: &str, sends: bool) {
    let fed = |session: &Value| session["frames"]["processed"].as_u64() > Some(20);
    let session = server.wait_for_session(name, "is fed", seconds(40), fed).await;
    assert_eq!(sum(&session["frames"]["failed"]), 0, "{session}");
    assert_eq!(session["frames"]["sent"].as_u64() > Some(0), sends, "{session}");
}

/// Waits until its session ended, and has given its slot back.
async fn freed(server: &Server, name: &str, beast: &mut Child) {
    server.wait_for_end(name, seconds(5)).await;
    beast.find("is told of the end", seconds(10), |line| line.contains("end_stream").then_some(())).await;
    beast.kill();
    let offer: String = include_str!("offers/chromium.sdp").lines().map(|line| format!("{line}\r\n")).collect();
    let probe = json!({ "type": "offer", "webrtc_id": "probe", "sdp": offer });
    wait_until("the slot is free", seconds(12), async || {
        let answer = server.post("/webrtc/offer", &probe).await;
        if answer.status == 200 { Ok(()) } else { Err(answer.text) }
    })
    .await;
    assert_eq!(server.delete("/sessions/probe").await.status, 204);
    wait_until("the slot is free again", seconds(12), async || {
        let ids = server.sessions().await;
        if ids == ["neighbour"] { Ok(()) } else { Err(format!("{ids:?}")) }
    })
    .await;
}

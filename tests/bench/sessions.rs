//! Live sessions against the real program: clients replay access units that were encoded before, so they cost little.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::figure::{Goal, print};
use crate::film::{INTERVAL, Usage, connect, film, runtime};
use framebox_test_support::examples;
use framebox_test_support::server::Server;

/// Streams that are measured side by side.
const STREAMS: usize = 10;
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(12);

pub fn run() {
    runtime().block_on(async {
        let server = Server::start(&["--sessions", "64"]).await;
        latency(&server).await;
        streams(&server).await;
        idle(&server).await;
    });
}

/// One session for ten minutes; then another one with a guest that leaks all that it passes out, and is replaced.
pub fn soak() {
    runtime().block_on(async {
        ten_minutes("invert", &[]).await;
        if examples::component("python", "posterize").is_some() {
            let file = concat!("leaks=", env!("CARGO_MANIFEST_DIR"), "/target/guests/python-posterize.wasm");
            ten_minutes("leaks", &["--handler", file]).await;
        }
    });
}

async fn ten_minutes(handler: &str, arguments: &[&str]) {
    let server = Server::start(arguments).await;
    let client = connect(&server, "soak", &format!("handler={handler}")).await;
    let film = tokio::spawn(film(client, Duration::ZERO, Duration::from_secs(600)));
    let mut first = None;
    for minute in 1..=9 {
        sleep(Duration::from_secs(60)).await;
        let mib = Usage::of(server.child.id()).resident_mib;
        let first = *first.get_or_insert(mib);
        let made = &server.session("soak").await.unwrap()["instances_made"];
        println!("minute {minute}: {mib:.1} MiB, {:+.1} since the first minute, {made} instances made", mib - first);
    }
    let measured = film.await.unwrap();
    println!("{:.2} fps, p95 {:.1} ms", measured.fps, measured.percentile(95));
    let growth = Usage::of(server.child.id()).resident_mib - first.unwrap();
    // An instance that leaks is somewhere between its beginning and the soft limit of its memory.
    let allowed = if handler == "leaks" { 100.0 } else { 5.0 };
    let what = format!("{handler}: memory after ten minutes, beyond that after one");
    print(&what, growth, "MiB", Goal::AtMost(allowed));
}

/// Time in the server against what its stages cost.
async fn latency(server: &Server) {
    let film = tokio::spawn(film(connect(server, "one", "handler=invert").await, Duration::ZERO, WARM_UP + MEASURED));
    sleep(WARM_UP + MEASURED - Duration::from_secs(1)).await;
    let stats = server.session("one").await.unwrap();
    let measured = film.await.unwrap();
    let stage = |name: &str| stats["stages_ms"][name]["p50"].as_f64().unwrap();
    let work = stage("decode") + stage("handler") + stage("encode");
    println!(
        "640x480, one stream: decode {:.2} + handler {:.2} + encode {:.2} = {work:.2} ms; in the server {:.2} ms; \
         there and back {:.1} ms p50, {:.1} ms p95",
        stage("decode"),
        stage("handler"),
        stage("encode"),
        stage("total"),
        measured.percentile(50),
        measured.percentile(95)
    );
    print(
        "640x480: last packet in to first packet out / (decode + handler + encode), p50",
        stage("total") / work,
        "x",
        Goal::AtMost(1.3),
    );
}

/// Many streams side by side.
async fn streams(server: &Server) {
    let mut clients = Vec::new();
    for n in 0..STREAMS {
        clients.push(connect(server, &format!("stream-{n}"), "handler=invert").await);
        // Cameras do not start at the same moment.
        sleep(INTERVAL / STREAMS as u32).await;
    }
    let films: Vec<_> = clients.into_iter().map(|client| tokio::spawn(film(client, WARM_UP, MEASURED))).collect();
    sleep(WARM_UP).await;
    let (server_before, own_before, begin) =
        (Usage::of(server.child.id()), Usage::of(std::process::id()), Instant::now());
    sleep(MEASURED - Duration::from_millis(500)).await;
    let seconds = begin.elapsed().as_secs_f64();
    let share = |before: Usage, process| (Usage::of(process).cpu_seconds - before.cpu_seconds) / seconds * 100.0;
    let (server_share, own_share) = (share(server_before, server.child.id()), share(own_before, std::process::id()));
    let (mut slowest, mut latest) = (f64::MAX, 0f64);
    for film in films {
        let measured = film.await.unwrap();
        slowest = slowest.min(measured.fps);
        latest = latest.max(measured.percentile(95));
    }
    println!("640x480, {STREAMS} streams: server {server_share:.0} % of a core, the clients {own_share:.0} %");
    print("640x480, 10 streams at 30: frame rate of the slowest", slowest, "fps", Goal::AtLeast(29.0));
    print("640x480, 10 streams at 30: p95 there and back of the latest", latest, "ms", Goal::AtMost(100.0));
}

/// Measures sessions that are connected and send nothing.
async fn idle(server: &Server) {
    sleep(Duration::from_secs(2)).await;
    let before = Usage::of(server.child.id()).resident_mib;
    let mut clients = Vec::new();
    for n in 0..STREAMS {
        clients.push(connect(server, &format!("idle-{n}"), "handler=invert").await);
    }
    sleep(Duration::from_secs(2)).await;
    let each = (Usage::of(server.child.id()).resident_mib - before) / STREAMS as f64;
    println!("resident before: {before:.1} MiB");
    print("memory of a session that is connected and idle", each, "MiB", Goal::AtMost(30.0));
    let sessions: Value = server.get("/sessions").await.json();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), STREAMS, "all are still there");
}

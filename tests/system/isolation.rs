//! Sessions in worker processes: `isolation = "process"`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use framebox_picture::Size;
use framebox_test_peer::{Client, Event, Options};
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;
use framebox_test_support::{paths, scene};
use serde_json::{Value, json};

/// A client, and the frames that it sends over and over.
struct Camera {
    client: Client,
    sent: u32,
}

impl Camera {
    async fn start(server: &Server, id: &str, query: &str) -> Self {
        let (mut client, sdp) = Client::offer(Options::default()).await;
        let body = json!({ "sdp": sdp, "type": "offer", "webrtc_id": id });
        let answer = server.post(&format!("/webrtc/offer?{query}"), &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        client.accept(answer.json()["sdp"].as_str().unwrap()).await;
        client.connected().await;
        Self { client, sent: 0 }
    }

    /// Sends frames until `wanted` of them came back.
    async fn round_trips(&mut self, wanted: usize) {
        let reel = scene::frames(Size::new(320, 240), 30, 500_000);
        let mut back = 0;
        wait_until("frames come back", async || {
            let frame = &reel[self.sent as usize % reel.len()];
            self.client.send(frame, self.sent.wrapping_mul(3000)).await;
            self.sent += 1;
            while let Some(event) = self.client.try_next() {
                back += usize::from(matches!(event, Event::Frame(_)));
            }
            if back >= wanted { Ok(()) } else { Err(format!("{back} of {wanted}")) }
        })
        .await;
    }
}

/// The processes that `process` started with the argument `command`.
fn children(process: u32, command: &str) -> Vec<u32> {
    let of = |entry: fs::DirEntry| {
        let id: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let parent: u32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let is_it = line.split(|byte| *byte == 0).nth(1) == Some(command.as_bytes());
        (parent == process && is_it).then_some(id)
    };
    fs::read_dir("/proc").unwrap().flatten().filter_map(of).collect()
}

fn status(process: u32, field: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim_start_matches(':').trim().to_owned()
}

async fn ended(server: &Server, id: &str) {
    wait_until("the session is over", async || match server.session(id).await {
        None => Ok(()),
        Some(session) => Err(session.to_string()),
    })
    .await;
}

#[tokio::test]
async fn sessions_in_processes_work_as_on_threads() {
    let server = Server::start(&["--isolation", "process"]).await;
    let mut camera = Camera::start(&server, "one", "handler=invert").await;
    camera.round_trips(10).await;
    let session = server.session("one").await.unwrap();
    assert!(session["frames"]["processed"].as_u64().unwrap() >= 10, "{session}");
    assert!(session["stages_ms"]["handler"]["p50"].as_f64().unwrap() > 0.0, "{session}");
    let frames = server.get("/sessions/one/frames").await.json();
    assert_eq!(frames["frames"][0]["outcome"], "processed", "{frames}");
    for (format, beginning) in [("jpg", &b"\xff\xd8\xff"[..]), ("png", b"\x89PNG")] {
        let (status, headers, picture) = server.bytes(&format!("/sessions/one/snapshot.{format}"), &[]).await;
        assert!(status == 200 && picture.starts_with(beginning), "{status} {headers:?}");
        assert_eq!(image::load_from_memory(&picture).unwrap().width(), 320);
    }
    // Parameters are applied, and wrong ones are refused with the same words.
    let answer = server.patch("/sessions/one/parameters", &json!({ "strength": "much" })).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    let policy = server.patch("/sessions/one", &json!({ "policy": "never" })).await.json();
    assert_eq!(policy["policy"], "never", "{policy}");
    camera.round_trips(3).await;
    assert_eq!(server.session("one").await.unwrap()["policy"], "never");
    // An upload is compiled and described in a child of its own; the next session runs it.
    let component = fs::read(paths::prebuilt("flip")).unwrap();
    let upload = server.put("/handlers/mine", &[], component).await;
    assert_eq!(upload.status, 201, "{upload:?}");
    let mut other = Camera::start(&server, "two", "handler=mine").await;
    other.round_trips(3).await;
    // Another version takes over while the session runs.
    let component = fs::read(paths::prebuilt("edges")).unwrap();
    let upload = server.put("/handlers/mine", &[], component).await;
    assert_eq!(upload.status, 201, "{upload:?}");
    wait_until("the second version runs", async || {
        other.round_trips(1).await;
        match server.session("two").await {
            Some(session) if session["version"] == 2 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!(server.delete("/sessions/one").await.status, 204);
    ended(&server, "one").await;
    other.round_trips(3).await;
}

#[tokio::test]
async fn generators_and_observers_work_in_processes_and_read_their_sources() {
    let server = Server::start(&["--isolation", "process"]).await;
    let options = Options { direction: framebox_test_peer::Direction::Recvonly, ..Options::default() };
    let (mut client, sdp) = Client::offer(options).await;
    let body = json!({ "sdp": sdp, "type": "offer", "webrtc_id": "clip" });
    let answer = server.post("/webrtc/offer?handler=play", &body).await;
    client.accept(answer.json()["sdp"].as_str().unwrap()).await;
    for _ in 0..5 {
        client.wait(|event| matches!(event, Event::Frame(_))).await;
    }
    client.close().await;
    ended(&server, "clip").await;
    let mut camera = Camera::start(&server, "eyes", "handler=watch").await;
    wait_until("values arrive", async || {
        let frames = scene::frames(Size::new(320, 240), 2, 500_000);
        camera.client.send(&frames[0], camera.sent.wrapping_mul(3000)).await;
        camera.sent += 1;
        let session = server.session("eyes").await.unwrap_or(Value::Null);
        if session["frames"]["processed"].as_u64() >= Some(2) { Ok(()) } else { Err(session.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_worker_is_confined_and_its_death_ends_its_own_session_only() {
    let server = Server::start(&["--isolation", "process"]).await;
    let before = children(server.child.id(), "worker");
    let mut one = Camera::start(&server, "one", "handler=invert").await;
    one.round_trips(2).await;
    let mut two = Camera::start(&server, "two", "handler=invert").await;
    two.round_trips(2).await;
    let busy = |process: &u32| fs::read_dir(format!("/proc/{process}/task")).map_or(0, |tasks| tasks.count());
    let workers = children(server.child.id(), "worker");
    assert!(workers.len() >= 2, "{workers:?} {before:?}");
    for worker in &workers {
        assert_eq!(status(*worker, "Seccomp"), "2", "system calls are filtered");
        assert_eq!(status(*worker, "NoNewPrivs"), "1");
        assert_eq!(status(*worker, "CapEff"), "0000000000000000");
        let environment = fs::read(format!("/proc/{worker}/environ")).unwrap_or_default();
        assert!(environment.is_empty(), "{}", String::from_utf8_lossy(&environment));
        // Only root may look: a worker is not dumpable.
        for file in fs::read_dir(format!("/proc/{worker}/fd")).into_iter().flatten().flatten() {
            let target = fs::read_link(file.path()).unwrap_or_default();
            let is_known = ["socket:", "pipe:", "anon_inode:", "/memfd:", "/dev/null"];
            let known =
                is_known.iter().any(|known| target.starts_with(known) || target.to_string_lossy().starts_with(known));
            assert!(known && target != Path::new("/"), "{target:?}");
        }
    }
    // Of all workers, those that run a session have the threads of a pipeline.
    let running: Vec<_> = workers.iter().filter(|worker| busy(worker) >= 5).copied().collect();
    assert_eq!(running.len(), 2, "{workers:?}");
    rustix_kill(running[0]);
    let survivor =
        wait_until("one of them is over", async || match (server.session("one").await, server.session("two").await) {
            (None, Some(_)) => Ok("two"),
            (Some(_), None) => Ok("one"),
            both => Err(format!("{both:?}")),
        })
        .await;
    let (lost, other) = if survivor == "two" { (&mut one, &mut two) } else { (&mut two, &mut one) };
    let words =
        lost.client.wait(|event| matches!(event, Event::Message(text) if text.contains("worker process"))).await;
    let Event::Message(words) = words else { unreachable!() };
    assert!(words.contains("signal 9") && words.contains("connect again"), "{words}");
    other.round_trips(3).await;
    // It is replaced.
    let mut three = Camera::start(&server, "three", "handler=invert").await;
    three.round_trips(2).await;
}

#[tokio::test]
async fn workers_end_with_the_server() {
    let mut server = Server::start(&["--isolation", "process"]).await;
    let mut camera = Camera::start(&server, "one", "handler=invert").await;
    camera.round_trips(2).await;
    let workers = children(server.child.id(), "worker");
    assert!(!workers.is_empty());
    server.child.kill();
    wait_until("they are gone", async || {
        let left: Vec<_> = workers.iter().filter(|id| Path::new(&format!("/proc/{id}/exe")).exists()).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
    tokio::time::sleep(Duration::ZERO).await;
}

fn rustix_kill(process: u32) {
    let ended = std::process::Command::new("kill").args(["-9", &process.to_string()]).status().unwrap();
    assert!(ended.success());
}

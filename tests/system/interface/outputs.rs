//! Additional outputs as server-sent events.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Client, live};
use framebox_test_support::python;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::{LIMIT, wait_until};

/// An event of a stream.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

/// Reads the events of a stream.
struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    async fn open(server: &Server, path: &str) -> Self {
        let response = server.stream(path).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// Returns the next event, or None at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let of = |key: &str| {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
                    lines.collect::<String>()
                };
                let data = of("data");
                let event = (!data.is_empty()).then(|| Event {
                    name: of("event"),
                    id: of("id"),
                    data: serde_json::from_str(&data).unwrap_or_else(|error| panic!("{data}: {error}")),
                });
                self.text = rest.to_owned();
                match event {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(LIMIT, self.response.chunk()).await.expect("something comes").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn values_are_events_with_their_frame_and_the_end_is_an_event() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    let mut client = Client::start(&python, &server, "knobs", "knobs");
    live(&server, "knobs").await;
    let mut ours = Events::open(&server, "/sessions/knobs/outputs").await;
    let mut fastrtc = Events::open(&server, "/outputs?webrtc_id=knobs").await;
    let mut last = None;
    let mut kinds = std::collections::BTreeSet::new();
    for _ in 0..60 {
        let Event { name, id, data } = ours.next().await.unwrap();
        assert_eq!(name, "values");
        assert_eq!(id, data["sequence"].to_string());
        assert!(data["pts_us"].is_i64(), "{data}");
        assert!(data["sequence"].as_u64() > last, "{last:?}: {data}");
        last = data["sequence"].as_u64();
        kinds.extend(data["values"].as_object().unwrap().keys().cloned());
    }
    let expected = ["bands", "brightness", "channels", "echo", "frames", "settings", "thumbnail"];
    assert!(kinds.iter().eq(expected.iter()), "{kinds:?}");
    for _ in 0..10 {
        let event = fastrtc.next().await.unwrap();
        assert_eq!((event.name.as_str(), event.id.as_str()), ("", ""));
        assert!(event.data.as_object().unwrap().keys().all(|id| expected.contains(&id.as_str())), "{event:?}");
    }
    // The data channel carries the same values.
    let channel = client.receive_kind("values").await;
    assert_eq!(channel["values"]["channels"].as_array().map(Vec::len), Some(3), "{channel}");

    assert_eq!(server.delete("/sessions/knobs").await.status, 204);
    let mut end = None;
    while let Some(event) = ours.next().await {
        end = Some(event);
    }
    assert_eq!(
        end.unwrap(),
        Event { name: "end".into(), id: String::new(), data: json!({ "reason": "the session was stopped" }) }
    );
    while fastrtc.next().await.is_some() {}
    for path in ["/sessions/knobs/outputs", "/outputs?webrtc_id=knobs"] {
        // Until what it held is free, its readers get its end.
        wait_until("the session does not exist any more", async || match server.stream(path).await.status().as_u16() {
            404 => Ok(()),
            status => Err(status.to_string()),
        })
        .await;
    }
    assert_eq!(server.get("/outputs").await.status, 400);
}

#[tokio::test]
async fn readers_are_limited_and_do_not_delay_the_end_of_the_server() {
    let Some(python) = python::python() else { return };
    let mut server = Server::start(&[]).await;
    let _client = Client::start(&python, &server, "watch", "watch");
    live(&server, "watch").await;
    let mut readers = vec![];
    for _ in 0..16 {
        readers.push(Events::open(&server, "/sessions/watch/outputs").await);
    }
    let refused = server.stream("/sessions/watch/outputs").await;
    assert_eq!(refused.status(), 429);
    readers.truncate(15);
    let deadline = Instant::now() + LIMIT;
    while server.stream("/sessions/watch/outputs").await.status() != 200 {
        assert!(Instant::now() < deadline, "the place of one who left is given back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.child.terminate();
    assert!(server.child.ended().await.success());
}

/// A handler that puts a text of SIZE bytes with each frame, and shows the frame.
const LARGE: &str = r#"
(data (i32.const 2048) "x")
(data (i32.const 2100) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00" "\02\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 2200) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00" "\00\00\00\00\00\00\00\00" "\34\08\00\00\01\00\00\00")
(func (export "framebox:video/lifecycle@0.1.0#describe") (result i32) (i32.const 2200))
(func (export "framebox:video/transform@0.1.0#process")
  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
  (if (i32.lt_u (memory.size) (i32.const 20)) (then (drop (memory.grow (i32.const 20)))))
  (memory.fill (i32.const 70000) (i32.const 65) (i32.const SIZE))
  (call $put (local.get $output) (i32.const 2048) (i32.const 1)
    (i32.const 3) (i64.const 70000) (i32.const SIZE) (i32.const 0) (i32.const 0) (i32.const 1024))
  (call $show (local.get $output) (local.get $frame) (i32.const 1024))
  (call $return (local.get $frame) (local.get $output)))"#;

fn puts(size: usize) -> Vec<u8> {
    framebox_test_components::component(&LARGE.replace("SIZE", &size.to_string()), "video-handler")
}

#[tokio::test]
async fn a_slow_reader_gets_the_latest_values_and_costs_no_memory() {
    let Some(python) = python::python() else { return };
    let scratch = Scratch::new();
    let large = scratch.write("large.wasm", puts(200_000));
    let server = Server::start(&["--handler", &format!("large={}", large.display())]).await;
    let mut client = Client::start(&python, &server, "large", "large");
    live(&server, "large").await;
    let mut slow = Events::open(&server, "/sessions/large/outputs").await;
    let begin = slow.next().await.unwrap().data["sequence"].as_u64().unwrap();
    let memory = resident(server.child.id());
    // 120 frames of 200 kB: unread values would take 24 MB.
    let reached = |session: &Value| session["frames"]["processed"].as_u64() >= Some(begin + 120);
    server.wait_for_session("large", "goes on", reached).await;
    let grown = resident(server.child.id()).saturating_sub(memory);
    assert!(grown < 12 << 20, "{grown} bytes more");
    let mut sequences = vec![];
    while sequences.last() < Some(&(begin + 120)) {
        sequences.push(slow.next().await.unwrap().data["sequence"].as_u64().unwrap());
    }
    assert!(sequences.is_sorted_by(|a, b| a < b));
    // First the values that the sockets buffered, then recent ones.
    assert!(sequences.len() < 100, "{} events for 120 frames", sequences.len());
    client.pictures(60).await;
    server.assert_quiet();
}

#[tokio::test]
async fn values_that_are_too_large_are_refused_or_reported_and_video_continues() {
    let Some(python) = python::python() else { return };
    let scratch = Scratch::new();
    // More than a data channel message holds, within the limit of a call; and ten megabytes at once.
    let some = scratch.write("some.wasm", puts(400_000));
    let flood = scratch.write("flood.wasm", framebox_test_components::case("put-flood"));
    let handlers = [format!("some={}", some.display()), format!("flood={}", flood.display())];
    let server = Server::start(&["--handler", &handlers[0], "--handler", &handlers[1]]).await;
    let mut client = Client::start(&python, &server, "some", "some");
    client.pictures(20).await;
    let warning = client
        .receive("is warned", |message| (message["code"] == "values-too-large").then(|| message["message"].clone()))
        .await;
    assert!(warning.as_str().unwrap().contains("/outputs"), "{warning}");
    let mut events = Events::open(&server, "/sessions/some/outputs").await;
    let data = events.next().await.unwrap().data;
    assert_eq!(data["values"]["x"].as_str().map(str::len), Some(400_000), "they are whole over HTTP");
    let memory = resident(server.child.id());
    let mut flood = Client::start(&python, &server, "flood", "flood");
    flood.pictures(20).await;
    let grown = resident(server.child.id()).saturating_sub(memory);
    assert!(grown < 64 << 20, "{grown} bytes more");
    server.assert_quiet();
}

/// Returns the resident memory of a process, bytes.
fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

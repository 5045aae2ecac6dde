//! Those who watch a stream: pictures, values, controls, an end.

use framebox_test_peer::Event;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;
use serde_json::json;

use super::{RoundTrip, Viewer, wait_for, wait_for_end};

#[tokio::test]
async fn a_generators_stream_runs_once_for_all_who_watch_and_ends_after_the_last() {
    let scratch = Scratch::new();
    let file = scratch.write(
        "framebox.toml",
        "[streams.lava]\ninput = \"clock\"\nhandler = \"plasma\"\ntitle = \"Lava\"\nidle_s = 1\n",
    );
    let server = Server::start(&["--config", file.to_str().unwrap()]).await;
    let idle = wait_for(&server, "lava", "it waits for viewers", |stream| stream["state"] == "idle").await;
    assert_eq!((&idle["title"], &idle["viewers"], &idle["session"]), (&json!("Lava"), &json!(0), &json!(null)));
    assert_eq!(server.sessions().await.len(), 0);
    let mut first = Viewer::start(&server, "lava", "first").await;
    first.frames(5).await;
    let mut second = Viewer::start(&server, "lava", "second").await;
    second.frames(5).await;
    first.frames_follow(5).await;
    let live = wait_for(&server, "lava", "two watch", |stream| stream["viewers"] == 2).await;
    assert_eq!((&live["state"], server.sessions().await.len()), (&json!("live"), 1), "one session for both");
    first.client.send_message(r#"{"type": "subscribe", "stats_ms": 100, "frames": true}"#).await;
    assert_eq!(first.message("session").await["data"]["handler"]["name"], "plasma");
    assert!(first.message("stats").await["data"]["frames"]["processed"].as_u64() > Some(0));
    second.client.close().await;
    wait_for(&server, "lava", "one watches", |stream| stream["viewers"] == 1).await;
    let left = server.delete("/streams/lava/viewers/first").await;
    assert_eq!(left.status, 204, "{left:?}");
    wait_for(&server, "lava", "it waits again", |stream| stream["state"] == "idle").await;
    wait_until("the session is over", async || match server.sessions().await.len() {
        0 => Ok(()),
        sessions => Err(sessions.to_string()),
    })
    .await;
    // And once more.
    let mut third = Viewer::start(&server, "lava", "third").await;
    third.frames(5).await;
}

#[tokio::test]
async fn others_watch_a_round_trip_that_its_author_publishes() {
    let server = Server::start(&[]).await;
    let mut author = RoundTrip::start(&server, "author", "handler=knobs").await;
    author.round_trips(3).await;
    let made = server.post("/streams", &json!({ "name": "mine", "input": { "session": "author" } })).await;
    assert_eq!((made.status, made.header("location")), (201, "/streams/mine"), "{made:?}");
    let taken = server.post("/streams", &json!({ "name": "mine", "input": { "session": "author" } })).await;
    assert_eq!(taken.status, 409, "{taken:?}");
    let mut viewer = Viewer::start(&server, "mine", "viewer").await;
    let mut seen = Vec::new();
    while seen.len() < 5 {
        author.round_trips(1).await;
        while let Some(event) = viewer.client.try_next() {
            if let Event::Frame(frame) = event {
                seen.push(frame.keyframe);
            }
        }
    }
    assert!(seen[0], "it begins with a keyframe");
    let parameters = server.get("/streams/mine/parameters").await.json();
    assert_eq!(parameters, server.get("/sessions/author/parameters").await.json());
    // What its author changes, all see.
    let changed = server.patch("/sessions/author/parameters", &json!({ "threshold": 0.25 })).await;
    assert!(changed.status == 200 || changed.status == 422, "{changed:?}");
    viewer.message(if changed.status == 200 { "parameters" } else { "values" }).await;
    let ended = server.delete("/streams/mine").await;
    assert_eq!(ended.status, 204);
    assert!(viewer.message("end_stream").await["data"].as_str().unwrap().contains("stopped publishing"));
    wait_for_end(&server, "mine").await;
    author.round_trips(5).await;
    // A stream ends with the round trip that it shows.
    let again = server.post("/streams", &json!({ "name": "mine", "input": { "session": "author" } })).await;
    assert_eq!(again.status, 201, "{again:?}");
    let mut viewer = Viewer::start(&server, "mine", "viewer").await;
    author.client.close().await;
    let closed = |event: &Event| matches!(event, Event::Message(text) if text.contains("end_stream"));
    viewer.client.wait(closed).await;
    wait_for_end(&server, "mine").await;
}

//! Those who publish into a stream: they leave and come back, and others go on seeing it.

use framebox_test_support::server::Server;
use serde_json::json;

use super::{Viewer, wait_for, wait_for_end};
use crate::whip::Connected;

#[tokio::test]
async fn a_stream_outlives_its_publisher_and_goes_on_with_the_next_one() {
    let server = Server::start(&[]).await;
    let body = json!({ "name": "door", "input": "publish", "handler": "invert", "away_s": 600 });
    assert_eq!(server.post("/streams", &body).await.status, 201);
    let mut first = Connected::publish(&server, "/whip/door").await;
    let mut viewer = Viewer::start(&server, "door", "viewer").await;
    first.sending(viewer.frames(5)).await;
    let session =
        wait_for(&server, "door", "it is live", |stream| stream["state"] == "live").await["session"]["id"].clone();
    let left = server.request("DELETE", &first.location, &[], "").await;
    assert_eq!(left.status, 200, "{left:?}");
    let away = viewer.message("warning").await;
    assert_eq!(away["code"], "publisher-away", "{away}");
    wait_for(&server, "door", "it is away", |stream| stream["state"] == "away").await;
    // Who comes now sees the last picture.
    let mut late = Viewer::start(&server, "door", "late").await;
    late.frames(1).await;
    let mut second = Connected::publish(&server, "/whip/door").await;
    second
        .sending(async {
            viewer.frames_follow(5).await;
            late.frames_follow(5).await;
        })
        .await;
    let live = wait_for(&server, "door", "it is live again", |stream| stream["state"] == "live").await;
    assert_eq!((&live["session"]["id"], &live["viewers"]), (&session, &json!(2)), "the same session, the same viewers");
}

#[tokio::test]
async fn a_stream_of_a_handler_ends_with_its_publisher() {
    let server = Server::start(&[]).await;
    let mut publisher = Connected::publish(&server, "/whip?handler=invert").await;
    let streams = server.get("/streams").await.json();
    let name = streams["streams"][0]["name"].as_str().unwrap().to_owned();
    assert!(name.len() >= 20, "nobody guesses it: {name}");
    let mut viewer = Viewer::start(&server, &name, "viewer").await;
    publisher.sending(viewer.frames(3)).await;
    // It outlives a publisher that changes networks; not for long here.
    let changed = server.patch(&format!("/streams/{name}"), &json!({ "away_s": 0 })).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    server.request("DELETE", &publisher.location, &[], "").await;
    let end = viewer.message("end_stream").await;
    assert_eq!(end["data"], "the publisher left", "{end}");
    wait_for_end(&server, &name).await;
}

#[tokio::test]
async fn a_publisher_that_never_sends_does_not_keep_others_out() {
    let server = Server::start(&[]).await;
    let body = json!({ "name": "door", "input": "publish", "handler": "invert" });
    assert_eq!(server.post("/streams", &body).await.status, 201);
    let silent = Connected::publish(&server, "/whip/door").await;
    let taken =
        server.request("POST", "/whip/door", &[("content-type", "application/sdp")], silent.offer.clone()).await;
    assert_eq!((taken.status, taken.header("retry-after")), (409, "5"), "{taken:?}");
    let told =
        |stream: &serde_json::Value| stream["message"].as_str().is_some_and(|message| message.contains("never sent"));
    wait_for(&server, "door", "it is given up", told).await;
    let mut other = Connected::publish(&server, "/whip/door").await;
    let mut viewer = Viewer::start(&server, "door", "viewer").await;
    other.sending(viewer.frames(3)).await;
}

//! What is kept of streams: files and pictures.

use std::path::Path;

use framebox_media::clip::{self, Bounds};
use framebox_picture::Size;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Answer, Server};
use framebox_test_support::wait::wait_until;
use serde_json::{Value, json};

use super::{RoundTrip, Viewer, wait_for};
use crate::auth::make_token;

const CONFIG: &str = r#"
    [recording]
    min_free_mib = 0
    [streams.lava]
    input = "clock"
    handler = "plasma"
    start = "viewer"
    idle_s = 1
"#;

async fn server(folder: &Scratch) -> Server {
    let file = folder.write("framebox.toml", CONFIG);
    let data = folder.path().to_str().unwrap();
    Server::start(&["--config", file.to_str().unwrap(), "--data", data]).await
}

async fn files(server: &Server, stream: &str) -> Vec<Value> {
    let list = server.get(&format!("/streams/{stream}/recordings")).await.json();
    list["recordings"].as_array().unwrap_or_else(|| panic!("{list}")).clone()
}

/// Waits until a stream has been recorded for so long.
async fn recorded(server: &Server, stream: &str, ms: u64) -> Value {
    wait_until("the recording grows", async || {
        let state = server.get(&format!("/streams/{stream}/recording")).await.json();
        let recording = &state["recording"];
        let is_there = recording["state"] == "recording" && recording["duration_ms"].as_u64() >= Some(ms);
        if is_there { Ok(recording.clone()) } else { Err(state.to_string()) }
    })
    .await
}

/// The number of pictures in a file, and the size of the first one.
fn pictures(path: &Path) -> (usize, Size) {
    let mut clip = clip::open(path, &Bounds::default()).unwrap();
    let size = clip.info().size;
    (std::iter::from_fn(|| clip.next().unwrap()).count(), size)
}

#[tokio::test]
async fn a_stream_is_recorded_as_it_is_encoded_for_those_who_watch() {
    let folder = Scratch::new();
    let server = server(&folder).await;
    assert_eq!(server.get("/streams/lava/snapshot.jpg").await.status, 404, "nothing was shown yet");
    assert_eq!(server.get("/streams/lava/recording").await.json()["recording"], Value::Null);
    let begun = server.post("/streams/lava/recording", &json!({})).await;
    assert_eq!((begun.status, &begun.json()["active"]), (201, &json!(true)), "{begun:?}");
    assert_eq!(server.post("/streams/lava/recording", &json!({})).await.status, 409);
    // It starts for the recording, as it would for a viewer.
    recorded(&server, "lava", 1).await;
    let mut viewer = Viewer::start(&server, "lava", "viewer").await;
    viewer.frames(30).await;
    let live = wait_for(&server, "lava", "one watches", |stream| stream["viewers"] == 1).await;
    assert_eq!(live["recorded"], true);
    assert_eq!(live["session"]["renditions"].as_array().map(Vec::len), Some(1), "nothing is encoded twice: {live}");
    for (format, kind) in [("jpg", "image/jpeg"), ("png", "image/png")] {
        let (status, headers, picture) = server.bytes(&format!("/streams/lava/snapshot.{format}?size=64"), &[]).await;
        assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, kind));
        let picture = image::load_from_memory(&picture).unwrap();
        assert_eq!(picture.width().max(picture.height()), 64);
    }
    let file = files(&server, "lava").await.remove(0);
    let path = format!("/streams/lava/recordings/{}", file["file"].as_str().unwrap());
    assert_eq!((&file["active"], &file["before"]), (&json!(true), &json!(false)));
    assert_eq!(server.delete(&path).await.status, 409, "it is being written");
    recorded(&server, "lava", 1500).await;
    let stopped = server.delete("/streams/lava/recording").await;
    assert_eq!((stopped.status, &stopped.json()["active"]), (200, &json!(false)), "{stopped:?}");
    viewer.client.close().await;
    wait_for(&server, "lava", "it waits again", |stream| stream["state"] == "idle").await;

    let file = files(&server, "lava").await.remove(0);
    let bytes = file["bytes"].as_u64().unwrap();
    assert!(file["active"] == false && file["duration_ms"].as_u64() >= Some(1500), "{file}");
    let (status, headers, whole) = server.bytes(&path, &[]).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap(), whole.len() as u64), (200, "video/mp4", bytes));
    let (count, size) = pictures(&folder.write("whole.mp4", whole.as_slice()));
    assert!(count > 30 && size.width > 0, "{count} of {size}");
    let tag = headers["etag"].to_str().unwrap();
    for (range, known, status, part, content_range) in [
        ("bytes=4-7", tag, 206, &whole[4..8], format!("bytes 4-7/{bytes}")),
        ("bytes=-10", tag, 206, &whole[whole.len() - 10..], format!("bytes {}-{}/{bytes}", bytes - 10, bytes - 1)),
        ("bytes=4-7", "\"other\"", 200, &whole[..], String::new()),
    ] {
        let (got, headers, body) = server.bytes(&path, &[("range", range), ("if-range", known)]).await;
        let told = headers.get("content-range").map_or("", |told| told.to_str().unwrap());
        assert_eq!((got, told), (status, content_range.as_str()), "{range}");
        assert!(body == part, "{range}");
    }
    let (status, headers, _) = server.bytes(&path, &[("range", &format!("bytes={bytes}-"))]).await;
    assert_eq!((status, headers["content-range"].to_str().unwrap()), (416, format!("bytes */{bytes}").as_str()));
    for elsewhere in ["..%2F..%2Fframebox.toml", "..%2Flava%2Fx.mp4", "x.mp4", ""] {
        assert_eq!(server.get(&format!("/streams/lava/recordings/{elsewhere}")).await.status, 404, "{elsewhere}");
    }
    assert_eq!(server.delete(&path).await.status, 204);
    assert_eq!((server.get(&path).await.status, files(&server, "lava").await.len()), (404, 0));
    assert_eq!(server.delete("/streams/lava/recording").await.status, 200, "it was recorded");
}

#[tokio::test]
async fn a_round_trip_is_recorded_before_and_after_its_handler() {
    let folder = Scratch::new();
    let server = server(&folder).await;
    let mut author = RoundTrip::start(&server, "author", "handler=invert").await;
    author.round_trips(3).await;
    assert_eq!(server.get("/sessions/author/snapshot.png").await.status, 200);
    let made = server.post("/streams", &json!({ "name": "mine", "input": { "session": "author" } })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let begun = server.post("/streams/mine/recording", &json!({ "before": true })).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    author.round_trips(60).await;
    let stopped = server.delete("/streams/mine/recording").await.json();
    assert_eq!((&stopped["files"], &stopped["problem"]), (&json!(2), &Value::Null), "{stopped}");
    let files = files(&server, "mine").await;
    let [one, other] = &files[..] else { panic!("{files:?}") };
    assert!(one["started"] == other["started"] && one["before"] != other["before"], "{files:?}");
    for file in [one, other] {
        let (_, _, bytes) =
            server.bytes(&format!("/streams/mine/recordings/{}", file["file"].as_str().unwrap()), &[]).await;
        let (count, size) = pictures(&folder.write("one.mp4", bytes.as_slice()));
        assert!(count >= 30 && size == Size::new(320, 240), "{count} of {size} in {file}");
    }
    // Recording ends with the stream.
    assert_eq!(server.post("/streams/mine/recording", &json!({})).await.status, 201);
    author.round_trips(10).await;
    assert_eq!(server.delete("/streams/mine").await.status, 204);
    super::wait_for_end(&server, "mine").await;
    wait_until("all files are complete", async || {
        let files = self::files(&server, "mine").await;
        let active = files.iter().any(|file| file["active"] == true);
        if files.len() == 3 && !active { Ok(()) } else { Err(format!("{files:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_killed_server_leaves_files_that_play_and_the_next_one_lists_them() {
    let folder = Scratch::new();
    let mut killed = server(&folder).await;
    assert_eq!(killed.post("/streams/lava/recording", &json!({})).await.status, 201);
    let recording = recorded(&killed, "lava", 2500).await;
    killed.child.kill();
    let file = recording["file"].as_str().unwrap();
    let (count, _) = pictures(&folder.path().join("recordings/lava").join(file));
    assert!(count >= 30, "{count}");
    let next = server(&folder).await;
    let kept = files(&next, "lava").await.remove(0);
    assert!(kept["file"] == file && kept["active"] == false && kept["duration_ms"].as_u64() >= Some(1000), "{kept}");
}

#[tokio::test]
async fn recordings_are_their_owners_also_when_another_takes_the_name() {
    let folder = Scratch::new();
    let owner = make_token(&folder, "owner", "watch", &[]).await;
    let other = make_token(&folder, "other", "watch", &[]).await;
    let server = server(&folder).await;
    let ask = async |token: &str, method: &str, path: &str, body: &str| -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        server.request(method, path, &headers, body).await
    };
    let stream = r#"{ "name": "mine", "input": "clock", "handler": "plasma" }"#;
    assert_eq!(ask(&owner, "POST", "/streams", stream).await.status, 201);
    for (token, method, path, status) in [
        (&other, "POST", "/streams/mine/recording", 403),
        (&owner, "POST", "/streams/mine/recording", 201),
        (&other, "GET", "/streams/mine/recording", 200),
        (&other, "DELETE", "/streams/mine/recording", 403),
    ] {
        let answer = ask(token, method, path, "").await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
    }
    wait_until("there is a picture for all who watch", async || {
        let answer = server.bytes("/streams/mine/snapshot.jpg", &[("authorization", &format!("Bearer {other}"))]).await;
        if answer.0 == 200 { Ok(()) } else { Err(answer.0.to_string()) }
    })
    .await;
    wait_until("it is recorded", async || {
        let list = ask(&owner, "GET", "/streams/mine/recordings", "").await.json();
        if list["recordings"][0]["active"] == true { Ok(()) } else { Err(list.to_string()) }
    })
    .await;
    assert_eq!(ask(&owner, "DELETE", "/streams/mine/recording", "").await.status, 200);
    let list = ask(&owner, "GET", "/streams/mine/recordings", "").await.json();
    let path = format!("/streams/mine/recordings/{}", list["recordings"][0]["file"].as_str().unwrap());
    let theirs = ask(&other, "GET", "/streams/mine/recordings", "").await.json();
    assert_eq!(theirs["recordings"], json!([]));
    assert_eq!(ask(&other, "DELETE", &path, "").await.status, 404);
    // The name changes hands; the files do not.
    assert_eq!(ask(&owner, "DELETE", "/streams/mine", "").await.status, 204);
    wait_until("the name is free", async || match ask(&other, "POST", "/streams", stream).await {
        answer if answer.status == 201 => Ok(()),
        answer => Err(format!("{answer:?}")),
    })
    .await;
    for (token, status) in [(&other, 404), (&owner, 204)] {
        let answer = ask(token, "DELETE", &path, "").await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

#[tokio::test]
async fn a_server_without_a_folder_says_so() {
    let server = Server::start(&[]).await;
    let made = server.post("/streams", &json!({ "name": "lava", "input": "clock", "handler": "plasma" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let refused = server.post("/streams/lava/recording", &json!({})).await;
    assert_eq!(refused.status, 409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("recording.folder"), "{refused:?}");
    assert_eq!(server.get("/streams/lava/recordings").await.json()["recordings"], json!([]));
}

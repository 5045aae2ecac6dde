//! Who may watch, change and end a stream.

use framebox_test_peer::{Client, Direction, Event, Options};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Answer, Server};
use serde_json::{Value, json};

use super::{Viewer, wait_for};
use crate::auth::make_token;

async fn ask(server: &Server, method: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    if !body.is_null() {
        headers.push(("content-type", "application/json"));
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.request(method, path, &headers, body).await
}

#[tokio::test]
async fn a_stream_is_for_those_whom_its_owner_lets_watch() {
    let data = Scratch::new();
    let owner = make_token(&data, "owner", "watch", &[]).await;
    let other = make_token(&data, "other", "watch", &[]).await;
    let uploader = make_token(&data, "uploader", "upload", &[]).await;
    let server = Server::start(&["--data", data.path().to_str().unwrap()]).await;
    for watch in ["anyone", "watch", "owner"] {
        let body = json!({ "name": watch, "input": "clock", "handler": "plasma", "watch": watch });
        let made = ask(&server, "POST", "/streams", Some(&owner), &body).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let none = Value::Null;
    for (token, seen, statuses) in [
        (Some(owner.as_str()), &["anyone", "watch", "owner"][..], [200, 200, 200]),
        (Some(&other), &["anyone", "watch"], [200, 200, 404]),
        (Some(&uploader), &["anyone"], [200, 401, 404]),
        (None, &["anyone"], [200, 401, 404]),
    ] {
        let list = ask(&server, "GET", "/streams", token, &none).await.json();
        let names: Vec<_> =
            list["streams"].as_array().unwrap().iter().map(|stream| stream["name"].as_str().unwrap()).collect();
        assert_eq!(names, seen, "{token:?}");
        for (name, status) in ["anyone", "watch", "owner"].iter().zip(statuses) {
            for path in ["", "/ice", "/frames", "/parameters"] {
                let answer = ask(&server, "GET", &format!("/streams/{name}{path}"), token, &none).await;
                assert_eq!(answer.status, status, "{name}{path} with {token:?}: {answer:?}");
            }
            if token != Some(owner.as_str()) {
                for method in ["DELETE", "PATCH"] {
                    let body = if method == "PATCH" { json!({ "watch": "anyone" }) } else { Value::Null };
                    let answer = ask(&server, method, &format!("/streams/{name}"), token, &body).await;
                    let expected = if status == 200 { 403 } else { status };
                    assert_eq!(answer.status, expected, "{method} {name} with {token:?}: {answer:?}");
                }
            }
        }
    }
    // Its settings are its owner's until viewers may change them.
    let change = json!({ "title": "Wall" });
    assert_eq!(ask(&server, "PATCH", "/streams/watch", Some(&owner), &change).await.json()["title"], "Wall");
    let parameters = json!({ "parameters": { "speed": 2 } });
    assert_eq!(ask(&server, "PATCH", "/streams/watch", Some(&other), &parameters).await.status, 403);
    let opened = ask(&server, "PATCH", "/streams/watch", Some(&owner), &json!({ "control": "viewers" })).await;
    assert_eq!(opened.status, 200, "{opened:?}");
    assert_ne!(ask(&server, "PATCH", "/streams/watch", Some(&other), &parameters).await.status, 403);
    assert_eq!(
        ask(&server, "PATCH", "/streams/watch", Some(&other), &change).await.status,
        403,
        "the title is not theirs"
    );
    assert_eq!(ask(&server, "DELETE", "/streams/owner", Some(&owner), &none).await.status, 204);
}

#[tokio::test]
async fn wrong_wishes_for_streams_are_refused_in_words() {
    let server = Server::start(&[]).await;
    for (body, status, words) in [
        (json!({ "input": "publish", "name": "../x" }), 422, "letters, digits"),
        (json!({ "input": "publish", "handler": "nobody" }), 404, "nobody"),
        (json!({ "input": "publish", "handler": "plasma" }), 422, "`clock`"),
        (json!({ "input": "clock", "handler": "invert" }), 422, "generators"),
        (json!({ "input": { "session": "nobody" } }), 404, "GET /sessions"),
        (json!({ "input": "rtsp://192.0.2.1/" }), 422, "unknown variant"),
        (json!({ "name": "a" }), 422, "missing field `input`"),
        (json!({ "input": "clock", "fps": 1000 }), 422, "`fps`"),
        (json!({ "input": "publish", "away_s": 1_000_000 }), 422, "`away_s`"),
        (json!({ "input": "publish", "more": 1 }), 422, "unknown field"),
    ] {
        let answer = server.post("/streams", &body).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(words), "{body}: {answer:?}");
    }
    assert_eq!(server.get("/streams").await.json(), json!({ "streams": [] }));
    let unknown =
        server.post("/streams/nowhere/offer", &json!({ "type": "offer", "webrtc_id": "a", "sdp": "v=0" })).await;
    assert_eq!((unknown.status, &unknown.json()["meta"]["error"]), (404, &json!("stream_unknown")));
    let dark = server.post("/streams", &json!({ "name": "dark", "input": "publish" })).await;
    assert_eq!(dark.json()["state"], "waiting", "{dark:?}");
    let answer = server.post("/streams/dark/offer", &json!({ "type": "offer", "webrtc_id": "a", "sdp": "v=0" })).await;
    assert_eq!((answer.status, answer.header("retry-after")), (409, "5"), "{answer:?}");
    server.assert_quiet();
}

#[tokio::test]
async fn viewers_change_parameters_only_where_they_may() {
    let server = Server::start(&[]).await;
    let made = server.post("/streams", &json!({ "name": "wall", "input": "clock", "handler": "plasma" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let mut viewer = Viewer::start(&server, "wall", "viewer").await;
    assert_eq!(viewer.secret, "", "the operator proves itself by its own secret");
    viewer.frames(2).await;
    wait_for(&server, "wall", "it is live", |stream| stream["state"] == "live").await;
    let parameters = server.get("/streams/wall/parameters").await.json()["parameters"].clone();
    let set = json!({ "type": "set_parameters", "parameters": parameters, "request": 7 });
    viewer.client.send_message(&set.to_string()).await;
    assert_eq!(viewer.message("parameters").await["request"], 7, "it is its owner's own viewer");
}

#[tokio::test]
async fn who_has_most_viewers_makes_room_for_who_has_none() {
    let data = Scratch::new();
    let greedy = make_token(&data, "greedy", "watch", &[]).await;
    let other = make_token(&data, "other", "watch", &[]).await;
    let config = "[server]\nviewers = 3\n[streams.lava]\ninput = \"clock\"\nhandler = \"plasma\"\n";
    let file = data.write("framebox.toml", config);
    let server = Server::start(&["--config", file.to_str().unwrap(), "--data", data.path().to_str().unwrap()]).await;
    let mut clients = Vec::new();
    for (token, id, expected) in
        [(&greedy, "a", 200), (&greedy, "b", 200), (&greedy, "c", 200), (&greedy, "d", 503), (&other, "e", 200)]
    {
        let options = Options { direction: Direction::Recvonly, ..Options::default() };
        let (mut client, sdp) = Client::offer(options).await;
        let body = json!({ "sdp": sdp, "type": "offer", "webrtc_id": id });
        let answer = ask(&server, "POST", "/streams/lava/offer", Some(token), &body).await;
        assert_eq!(answer.status, expected, "{id}: {answer:?}");
        if expected == 200 {
            client.accept(answer.json()["sdp"].as_str().unwrap()).await;
            client.connected().await;
            clients.push(client);
        } else {
            assert_eq!(answer.json()["meta"]["error"], "stream_full");
            assert!(!answer.header("retry-after").is_empty());
        }
    }
    let left = |event: &Event| matches!(event, Event::Message(text) if text.contains("open fewer"));
    clients[0].wait(left).await;
    for client in &mut clients[1..] {
        client.wait(|event| matches!(event, Event::Frame(_))).await;
    }
}

//! The log of a handler.

use serde_json::{Value, json};

use super::{Client, live};
use framebox_test_support::python;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;

async fn lines(server: &Server, id: &str, after: u64) -> Vec<Value> {
    let answer = server.get(&format!("/sessions/{id}/log?after={after}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["lines"].as_array().unwrap().clone()
}

fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_log_can_be_read_during_the_session_and_after_it() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    let mut client = Client::start(&python, &server, "knobs", "knobs");
    live(&server, "knobs").await;
    let first = lines(&server, "knobs", 0).await;
    assert_eq!(messages(&first), ["ready"]);
    assert_eq!((&first[0]["n"], &first[0]["level"]), (&json!(1), &json!("info")));
    assert!(first[0]["at_ms"].is_u64());

    client.send(&json!({ "type": "subscribe", "stats_ms": 60_000, "log": true }));
    client.receive_kind("session").await;
    assert_eq!(server.patch("/sessions/knobs/parameters", &json!({ "rows": 5, "note": "x" })).await.status, 200);
    let told = client.receive("is told", |message| (message["data"] == "rows changed").then(|| message.clone())).await;
    assert_eq!((&told["type"], &told["level"]), (&json!("log"), &json!("info")), "{told}");
    let later = lines(&server, "knobs", 1).await;
    let mut said = messages(&later);
    said.sort_unstable();
    assert_eq!(said, ["note changed", "rows changed"]);

    client.child.close_input();
    server.wait_for_end("knobs").await;
    let all = lines(&server, "knobs", 0).await;
    assert_eq!(messages(&all).last(), Some(&"the session has ended"), "{all:?}");
    let wrong = server.get("/sessions/knobs/log?after=first").await;
    assert_eq!((wrong.status, wrong.header("content-type")), (400, "application/problem+json"), "{wrong:?}");
    assert_eq!(server.get("/sessions/nobody/log").await.status, 404);
}

#[tokio::test]
async fn a_flood_is_limited_and_reported() {
    let Some(python) = python::python() else { return };
    let scratch = Scratch::new();
    let file = scratch.write("flood.wasm", framebox_test_components::case("log-flood"));
    let server = Server::start(&["--handler", &format!("flood={}", file.display())]).await;
    let mut client = Client::start(&python, &server, "flood", "flood");
    client.pictures(60).await;
    let answer = server.get("/sessions/flood/log").await;
    let json = answer.json();
    let lines = json["lines"].as_array().unwrap();
    assert!(!lines.is_empty() && lines.len() <= 1000 && answer.text.len() < 1024 * 1024, "{} lines", lines.len());
    assert!(messages(lines).iter().any(|message| message.contains("messages were dropped")), "{json}");
    server.assert_quiet();
}

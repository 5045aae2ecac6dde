//! Versions that take over running sessions, and rollbacks.

use serde_json::{Value, json};

use crate::catalog::{component, promote, push, refusal, server, versions};
use framebox_test_support::client::Client;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, unaccounted};
use framebox_test_support::wait::wait_until;
use framebox_test_support::{examples, paths, python};

/// Returns a handler that fails on its frames.
fn failing() -> Vec<u8> {
    framebox_test_components::case("trap")
}

async fn version(server: &Server, id: &str) -> u64 {
    server.session(id).await.unwrap()["version"].as_u64().unwrap()
}

async fn moves_to(server: &Server, id: &str, wanted: u64) -> Value {
    server.wait_for_session(id, "moves", |session| session["version"] == wanted).await
}

#[tokio::test]
async fn a_running_session_swaps_to_the_active_version_without_losing_frames() {
    let Some(python) = python::python() else { return };
    let Some(slow_flip) = examples::component("rust", "slow-flip") else { return };
    let data = Scratch::new();
    let server = server(&data).await;
    push(&server, "mine", slow_flip.clone()).await;
    let mut client = Client::start(&python, &server, "follows", "mine");
    let mut pinned = Client::start(&python, &server, "pinned", "mine@1");
    client.pictures(5).await;
    pinned.pictures(5).await;
    let answer = server.patch("/sessions/follows/parameters", &json!({ "work-ms": 20 })).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    // Another component with the same descriptor: parameters are kept.
    let mut changed = slow_flip;
    changed.extend([0, 2, 1, b'n']);
    assert_eq!(push(&server, "mine", changed).await["version"], 2);
    let swapped = client.receive_kind("swapped").await;
    assert_eq!(
        (&swapped["from"], &swapped["version"], &swapped["handler"]["version"]),
        (&json!(1), &json!(2), &json!(2))
    );
    assert_eq!(swapped["parameters"], json!({ "work-ms": 20 }), "{swapped}");
    let first = swapped["sequence"].as_u64().unwrap();
    let session = server
        .wait_for_session("follows", "goes on", |session| session["frames"]["received"].as_u64() > Some(first + 20))
        .await;
    assert_eq!((&session["version"], &session["parameters"]), (&json!(2), &json!({ "work-ms": 20 })));
    assert_eq!(session["frames"]["failed"], json!({}), "{session}");
    assert_eq!(version(&server, "pinned").await, 1, "who asked for a version keeps it");

    // Back and forth, under load.
    for n in 0..6 {
        assert_eq!(promote(&server, "mine", n % 2 + 1).await.status, 200);
        moves_to(&server, "follows", n % 2 + 1).await;
    }
    let lost = |session: &Value| unaccounted(session) == 0 && session["frames"]["failed"] == json!({});
    server.wait_for_session("follows", "accounts for each frame", lost).await;
    let listed = server.get("/handlers/mine/versions").await.json();
    let sessions: Vec<_> = listed["versions"].as_array().unwrap().iter().map(|version| &version["sessions"]).collect();
    assert_eq!(sessions, [&json!(1), &json!(1)], "{listed}");
    // A version without sessions can be deleted.
    pinned.child.kill();
    server.delete("/sessions/pinned").await;
    server.wait_for_end("pinned").await;
    assert_eq!(server.delete("/handlers/mine/versions/1").await.status, 204, "nobody uses it");
    assert!(client.count() > 20);
    server.assert_quiet();
}

#[tokio::test]
async fn a_version_that_fails_during_its_probation_is_rolled_back() {
    let Some(python) = python::python() else { return };
    let data = Scratch::new();
    let server = server(&data).await;
    push(&server, "mine", component(1)).await;
    let mut client = Client::start(&python, &server, "viewer", "mine");
    client.pictures(5).await;
    // A version that cannot start does not take over.
    assert_eq!(push(&server, "mine", framebox_test_components::case("trap-init")).await["active"], true);
    let warning = client.receive("is told", |message| (message["code"] == "swap").then(|| message.clone())).await;
    assert!(warning["data"].as_str().unwrap().contains("version 2 does not take over"), "{warning}");
    wait_until("the version before is active again", async || match versions(&server, "mine").await {
        Some((_, Some(1))) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    assert_eq!(version(&server, "viewer").await, 1);

    // A version that fails on its frames takes over and is rolled back.
    push(&server, "mine", failing()).await;
    let warning =
        client.receive("is told", |message| (message["code"] == "rolled-back").then(|| message.clone())).await;
    let text = warning["data"].as_str().unwrap();
    assert!(text.contains("version 3 was rolled back to version 1: it failed"), "{text}");
    moves_to(&server, "viewer", 1).await;
    let count = client.count();
    client.pictures(count + 20).await;
    let listed = server.get("/handlers/mine/versions").await.json();
    assert_eq!(listed["active"], 1);
    let reasons: Vec<_> =
        listed["versions"].as_array().unwrap().iter().map(|version| &version["rolled_back"]).collect();
    assert!(reasons[0].is_null(), "{listed}");
    assert!(reasons[1].as_str().unwrap().starts_with("it could not be started"), "{listed}");
    assert!(reasons[2].as_str().unwrap().starts_with("it failed"), "{listed}");
    let audit = std::fs::read_to_string(data.path().join("audit.jsonl")).unwrap();
    let back = audit.lines().filter(|line| line.contains("\"rollback\"") && line.contains("\"framebox\"")).count();
    assert_eq!(back, 2, "{audit}");
    // It can be promoted again.
    assert_eq!(promote(&server, "mine", 3).await.status, 200);
    wait_until("it is taken back again", async || {
        let told = client.messages("warning").into_iter().filter(|warning| warning["code"] == "rolled-back").count();
        if told == 2 { Ok(()) } else { Err(format!("{told} times")) }
    })
    .await;
}

#[tokio::test]
async fn a_canary_serves_its_share_and_is_withdrawn_when_it_fails() {
    let Some(python) = python::python() else { return };
    let data = Scratch::new();
    let server = server(&data).await;
    push(&server, "mine", component(1)).await;
    assert_eq!(server.put("/handlers/mine?activate=false", &[], component(2)).await.status, 201);
    let canary = |version: u64| json!({ "canary": { "version": version, "share": 1.0 } });
    assert_eq!(server.post("/handlers/mine/active", &canary(2)).await.status, 200);
    let mut client = Client::start(&python, &server, "viewer", "mine");
    client.pictures(5).await;
    assert_eq!(version(&server, "viewer").await, 2);
    // Promoting the canary swaps nothing.
    assert_eq!(promote(&server, "mine", 2).await.status, 200);
    assert_eq!(promote(&server, "mine", 1).await.status, 200);
    moves_to(&server, "viewer", 1).await;
    assert_eq!(server.put("/handlers/mine?activate=false", &[], failing()).await.status, 201);
    assert_eq!(server.post("/handlers/mine/active", &canary(3)).await.status, 200);
    let mut other = Client::start(&python, &server, "other", "mine");
    other.pictures(5).await;
    moves_to(&server, "other", 1).await;
    let listed = server.get("/handlers/mine/versions").await.json();
    assert_eq!((&listed["active"], &listed["canary"]), (&json!(1), &json!(null)), "{listed}");
    assert_eq!(version(&server, "viewer").await, 1, "who was there already was not part of it");
}

#[tokio::test]
async fn a_version_of_another_kind_does_not_take_over() {
    let Some(python) = python::python() else { return };
    let data = Scratch::new();
    let server = server(&data).await;
    push(&server, "mine", component(1)).await;
    let mut client = Client::start(&python, &server, "viewer", "mine");
    client.pictures(5).await;
    push(&server, "mine", std::fs::read(paths::prebuilt("plasma")).unwrap()).await;
    let warning = client.receive("is told", |message| (message["code"] == "swap").then(|| message.clone())).await;
    let text = warning["data"].as_str().unwrap();
    assert!(text.contains("a session of a transform cannot go on with a generator"), "{text}");
    assert_eq!(versions(&server, "mine").await, Some((vec![1, 2], Some(2))), "that is no fault of the version");
    // The handler can be deleted while sessions use it, and they continue.
    let (status, detail) = refusal(&server.delete("/handlers/mine").await);
    assert_eq!(status, 409, "{detail}");
    assert_eq!(server.delete("/handlers/mine?drain=true").await.status, 204);
    let count = client.count();
    client.pictures(count + 10).await;
}

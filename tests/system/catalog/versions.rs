//! Uploading, promoting, canaries, deleting, and sessions that use them.

use serde_json::{Value, json};

use crate::catalog::{component, files, promote, push, refusal, server, server_at, versions};
use framebox_test_support::child::Child;
use framebox_test_support::python;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;

#[tokio::test]
async fn an_upload_is_described_and_survives_a_restart() {
    let data = Scratch::new();
    let first = {
        let server = server(&data).await;
        let answer = server.put("/handlers/mine", &[("content-type", "application/wasm")], component(1)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let json = answer.json();
        assert_eq!((&json["name"], &json["version"], &json["active"]), (&json!("mine"), &json!(1), &json!(true)));
        assert_eq!((&json["kind"], &json["bytes"]), (&json!("transform"), &json!(component(1).len())));
        assert_eq!(json["descriptor"]["title"], "Case");
        assert!(json["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:") && digest.len() == 71));
        assert!(json["imports"].as_array().is_some_and(|imports| !imports.is_empty()), "{json}");
        assert!(json["times_ms"]["compile"].as_u64() > Some(0) && json["times_ms"]["describe"].is_u64(), "{json}");
        let listed = server.get("/handlers").await.json();
        let mine = listed["handlers"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&mine["name"], &mine["digest"], &mine["builtin"]),
            (&json!("mine"), &json["digest"], &json!(false))
        );
        json
    };
    let server = server_at(data.path()).await;
    let again = push(&server, "mine", component(1)).await;
    assert_eq!(
        (&again["version"], &again["digest"], &again["descriptor"]),
        (&json!(1), &first["digest"], &first["descriptor"])
    );
    let versions = server.get("/handlers/mine/versions").await.json();
    let uploaded = versions["versions"][0]["uploaded"].as_str().unwrap();
    assert!(uploaded.starts_with("20") && uploaded.ends_with('Z'), "{versions}");
}

#[tokio::test]
async fn equal_bytes_are_the_same_version() {
    let data = Scratch::new();
    let server = server(&data).await;
    let put = async |n: u32, query: &str| server.put(&format!("/handlers/mine{query}"), &[], component(n)).await;
    let answers = [put(1, "").await, put(1, "").await, put(2, "?activate=false").await];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [201, 200, 201]);
    assert_eq!(answers.each_ref().map(|answer| answer.json()["version"].clone()), [json!(1), json!(1), json!(2)]);
    assert_eq!(answers[2].json()["active"], false);
    assert_eq!(versions(&server, "mine").await, Some((vec![1, 2], Some(1))));
    // Uploading it again activates it.
    let again = put(2, "").await;
    assert_eq!((again.status, &again.json()["active"]), (200, &json!(true)));
    assert_eq!(versions(&server, "mine").await, Some((vec![1, 2], Some(2))));
    // Under another name it is another version in the same file.
    push(&server, "other", component(1)).await;
    assert_eq!(files(&data.path().join("components")).len(), 2);
    assert_eq!(server.delete("/handlers/mine").await.status, 204);
    assert_eq!(files(&data.path().join("components")).len(), 1);
    assert_eq!(versions(&server, "other").await, Some((vec![1], Some(1))));
}

#[tokio::test]
async fn concurrent_changes_are_serialized() {
    let data = Scratch::new();
    let server = server(&data).await;
    let put = |n: u32| server.put("/handlers/mine", &[], component(n));
    let (a, b) = tokio::join!(put(1), put(2));
    let mut numbers = [a.json()["version"].as_u64(), b.json()["version"].as_u64()];
    numbers.sort();
    assert_eq!((numbers, a.status, b.status), ([Some(1), Some(2)], 201, 201));
    let (a, b) = tokio::join!(put(3), put(3));
    let mut statuses = [a.status, b.status];
    statuses.sort();
    assert_eq!((statuses, a.json()["version"].clone(), b.json()["version"].clone()), ([200, 201], json!(3), json!(3)));

    for _ in 0..10 {
        let (a, b) = tokio::join!(promote(&server, "mine", 1), promote(&server, "mine", 2));
        assert_eq!((a.status, b.status), (200, 200));
        let (all, active) = versions(&server, "mine").await.unwrap();
        assert_eq!(all, [1, 2, 3]);
        let active = active.unwrap();
        assert!([1, 2].contains(&active));
        let listed = server.get("/handlers/mine").await.json();
        assert_eq!(listed["version"], active, "what is shown is what is kept");
    }
    let (_, active) = versions(&server, "mine").await.unwrap();
    drop(server);
    let server = server_at(data.path()).await;
    assert_eq!(versions(&server, "mine").await, Some((vec![1, 2, 3], active)));
}

#[tokio::test]
async fn impossible_promotions_and_deletions_are_explained() {
    let data = Scratch::new();
    let server = server(&data).await;
    push(&server, "mine", component(1)).await;
    push(&server, "mine", component(2)).await;
    let active = "/handlers/mine/active";
    let chosen = promote(&server, "mine", 1).await.json();
    assert_eq!((&chosen["active"], &chosen["previous"]), (&json!(1), &json!(2)));
    for (body, status, words) in [
        (json!({ "version": 9 }), 404, "no version 9"),
        (json!({}), 422, "say which"),
        (json!({ "version": "one" }), 422, "version"),
        (json!({ "versoin": 1 }), 422, "versoin"),
        (json!({ "canary": { "version": 1, "share": 0.5 } }), 422, "another version"),
        (json!({ "canary": { "version": 2, "share": 1.5 } }), 422, "from 0 to 1"),
        (json!({ "canary": { "version": 9, "share": 0.5 } }), 404, "no version 9"),
    ] {
        let (refused, detail) = refusal(&server.post(active, &body).await);
        assert!(refused == status && detail.contains(words), "{body}: {refused} {detail}");
    }
    let (status, detail) = refusal(&server.delete("/handlers/mine/versions/1").await);
    assert!(status == 409 && detail.contains("the active one"), "{detail}");
    let set = server.post(active, &json!({ "canary": { "version": 2, "share": 0.5 } })).await;
    assert_eq!(set.json()["canary"], json!({ "version": 2, "share": 0.5 }));
    let (status, detail) = refusal(&server.delete("/handlers/mine/versions/2").await);
    assert!(status == 409 && detail.contains("the canary"), "{detail}");
    assert_eq!(server.post(active, &json!({ "canary": null })).await.json()["canary"], json!(null));
    assert_eq!(server.delete("/handlers/mine/versions/2").await.status, 204);
    assert_eq!(server.delete("/handlers/mine/versions/2").await.status, 404);
    assert_eq!(server.delete("/handlers/mine/versions/one").await.status, 400);
    // Numbers are not reused.
    assert_eq!(push(&server, "mine", component(3)).await["version"], 3);
    assert_eq!(server.delete("/handlers/nobody").await.status, 404);
    assert_eq!(promote(&server, "nobody", 1).await.status, 404);
    assert_eq!(server.delete("/handlers/mine").await.status, 204);
    assert_eq!(server.get("/handlers/mine").await.status, 404);
    assert!(files(&data.path().join("components")).is_empty());
    let fixed = server.get("/handlers/invert/versions").await.json();
    assert_eq!((&fixed["active"], &fixed["versions"][0]["uploaded"]), (&json!(1), &json!(null)));
}

/// Starts a client that stays; returns it and its session once that processes pictures.
async fn view(python: &std::path::Path, server: &Server, id: &str, handler: &str) -> (Child, Value) {
    let client = python::start(python, "stay.py", &[&server.base, id, handler]);
    let works = |session: &Value| session["frames"]["processed"].as_u64() > Some(5);
    let session = server.wait_for_session(id, "processes pictures", works).await;
    (client, session)
}

async fn uses(server: &Server) -> Vec<u64> {
    let json = server.get("/handlers/mine/versions").await.json();
    json["versions"].as_array().unwrap().iter().map(|version| version["sessions"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn sessions_get_the_requested_version_and_keep_it_in_use() {
    let Some(python) = python::python() else { return };
    let data = Scratch::new();
    let server = server(&data).await;
    let first = push(&server, "mine", component(1)).await;
    let digest = first["digest"].as_str().unwrap();
    push(&server, "mine", component(2)).await;
    let short = &digest[.."sha256:".len() + 12];
    let (by_name, session) = view(&python, &server, "by-name", "mine").await;
    assert_eq!((&session["handler"], &session["version"]), (&json!("mine"), &json!(2)));
    let (by_number, session) = view(&python, &server, "by-number", "mine@1").await;
    assert_eq!((&session["digest"], &session["version"]), (&json!(digest), &json!(1)));
    let (by_digest, session) = view(&python, &server, "by-digest", &format!("mine@{short}")).await;
    assert_eq!((&session["digest"], &session["version"]), (&json!(digest), &json!(1)));
    assert_eq!(uses(&server).await, [2, 1]);

    let (status, detail) = refusal(&server.delete("/handlers/mine/versions/1").await);
    assert!(status == 409 && detail.contains("2 sessions use it"), "{detail}");
    assert_eq!(refusal(&server.delete("/handlers/mine").await).0, 409);
    // A version deleted with `drain` serves its sessions to their end.
    assert_eq!(server.delete("/handlers/mine/versions/1?drain=true").await.status, 204);
    assert_eq!(versions(&server, "mine").await, Some((vec![2], Some(2))));
    let processed = |session: &Value| session["frames"]["processed"].as_u64().unwrap();
    let before = processed(&server.session("by-number").await.unwrap());
    let goes_on = |session: &Value| processed(session) > before + 10;
    server.wait_for_session("by-number", "goes on", goes_on).await;

    drop((by_number, by_digest, by_name));
    for id in ["by-number", "by-digest", "by-name"] {
        server.wait_for_end(id).await;
    }
    assert_eq!(uses(&server).await, [0]);

    // A canary has its share, and an explicit version is still available.
    push(&server, "mine", component(3)).await;
    let canary = json!({ "version": 2, "canary": { "version": 3, "share": 1.0 } });
    assert_eq!(server.post("/handlers/mine/active", &canary).await.status, 200);
    let (_canary, session) = view(&python, &server, "canary", "mine").await;
    assert_eq!(session["version"], 3);
    let (_pinned, session) = view(&python, &server, "pinned", "mine@2").await;
    assert_eq!(session["version"], 2);
}

#[tokio::test]
async fn an_offer_for_a_missing_version_is_explained() {
    let data = Scratch::new();
    let server = server(&data).await;
    push(&server, "mine", component(1)).await;
    server.put("/handlers/idle?activate=false", &[], component(1)).await;
    for (handler, status, words) in [
        ("nobody", 404, "no handler"),
        ("mine@2", 404, "no version 2"),
        ("mine@sha256:000000000000", 404, "no version"),
        ("mine@sha256:0000", 400, "12 hexadecimal"),
        ("mine@x", 400, "names no version"),
        ("idle", 404, "POST /handlers/idle/active"),
        ("invert@2", 404, "no version 2"),
    ] {
        let body = json!({ "sdp": "v=0", "type": "offer", "webrtc_id": "w" });
        let answer = server.post(&format!("/webrtc/offer?handler={handler}"), &body).await;
        let message = answer.json()["meta"]["message"].as_str().unwrap().to_owned();
        assert!(answer.status == status && message.contains(words), "{handler}: {answer:?}");
    }
    let handlers = server.get("/handlers").await.json();
    let names: Vec<_> = handlers["handlers"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert!(names.contains(&json!("mine")) && !names.contains(&json!("idle")), "{names:?}");
}

#[tokio::test]
async fn an_upload_sets_limits_within_the_bounds() {
    let data = Scratch::new();
    let scratch = Scratch::new();
    let config = scratch.write("config.toml", "[bounds]\ncall_ms = 800\n[handlers.fixed.limits]\nlog_lines = 7\n");
    let flags = ["--data", data.path().to_str().unwrap(), "--config", config.to_str().unwrap()];
    let server = Server::start(&flags).await;
    for (query, words) in [
        ("call_ms=900", "limits.call_ms is 900: at most 800 are allowed"),
        ("memory_mib=1024", "limits.memory_mib is 1024: at most 128 are allowed; bounds.memory_mib"),
        ("call_fuel=20000000001", "limits.call_fuel is 20000000001: at most 20000000000 are allowed"),
        ("call_ms=0", "limits.call_ms must be at least 1"),
        ("call_ms=fast", "call_ms must be a whole number"),
        ("colour=7", "there is no option colour; limits are call_ms, call_fuel"),
    ] {
        let (status, detail) = refusal(&server.put(&format!("/handlers/mine?{query}"), &[], component(1)).await);
        assert_eq!(status, 400, "{query}: {detail}");
        assert!(detail.contains(words), "{query}: {detail}");
    }
    let sdp = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/offers/chromium.sdp")).unwrap();
    let put = async |name: &str, query: &str| {
        let answer = server.put(&format!("/handlers/{name}?{query}"), &[], component(1)).await;
        (answer.status, answer.json()["version"].as_u64())
    };
    assert_eq!(put("mine", "call_ms=70&memory_mib=16").await, (201, Some(1)));
    assert_eq!(put("mine", "memory_mib=16&call_ms=70").await, (200, Some(1)));
    assert_eq!(put("mine", "call_ms=80").await, (201, Some(2)), "the same bytes with other limits are another version");
    assert_eq!(put("fixed", "log_lines=9&call_ms=60").await, (201, Some(1)));
    let budget = async |server: &Server, wanted: &str, id: &str| {
        let body = json!({ "type": "offer", "webrtc_id": id, "sdp": sdp });
        let answer = server.post(&format!("/webrtc/offer?handler={wanted}"), &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        server.session(id).await.unwrap()["budget"].clone()
    };
    let first = budget(&server, "mine@1", "a").await;
    assert_eq!((&first["call_ms"], &first["memory_bytes"]), (&json!(70.0), &json!(16 << 20)));
    assert_eq!(budget(&server, "mine", "b").await["call_ms"], json!(80.0));
    let digest = component_digest(&server, "mine").await;
    assert_eq!(budget(&server, &format!("mine@{digest}"), "c").await["call_ms"], json!(80.0), "the latest of them");
    let listed = server.get("/handlers/fixed/versions").await.json();
    assert_eq!(listed["versions"][0]["limits"], json!({ "call_ms": 60, "log_lines": 9 }), "{listed}");
    drop(server);
    let server = Server::start(&flags).await;
    assert_eq!(budget(&server, "mine@1", "d").await["call_ms"], json!(70.0), "they are kept");
}

async fn component_digest(server: &Server, name: &str) -> String {
    server.get(&format!("/handlers/{name}")).await.json()["digest"].as_str().unwrap().to_owned()
}

//! Skipping policies, the recent frames, and a machine without capacity.

use serde_json::{Value, json};

use super::{Client, live};
use framebox_test_support::server::{Server, unaccounted};
use framebox_test_support::{examples, python};

fn policy(session: &Value) -> (&str, &str) {
    (session["policy"].as_str().unwrap(), session["unprocessed"].as_str().unwrap())
}

#[tokio::test]
async fn a_policy_is_set_with_the_offer_and_changed_during_the_session() {
    let Some(python) = python::python() else { return };
    let Some(slow_flip) = examples::argument("slow-flip") else { return };
    let server = Server::start(&["--handler", &slow_flip]).await;
    let wishes = json!({ "policy": "adaptive", "unprocessed": "passthrough" });
    let mut client = Client::start_with(&python, &server, "slow", "slow-flip", "sendrecv", &wishes);
    // A handler of 200 ms processes five pictures a second; the others pass through.
    client.pictures(40).await;
    let busy = |session: &Value| session["frames"]["passed"].as_u64() > Some(20);
    let session = server.wait_for_session("slow", "passes pictures through", busy).await;
    assert_eq!(policy(&session), ("adaptive", "passthrough"));
    assert!(session["frames"]["skipped"]["pacing"].as_u64() > Some(0), "{session}");

    let answer = server.patch("/sessions/slow", &json!({ "unprocessed": "hold" })).await;
    assert_eq!((answer.status, policy(&answer.json())), (200, ("adaptive", "hold")));
    client.send(&json!({ "type": "set_policy", "policy": "never", "request": 9 }));
    let told = client.receive("is answered", |message| (message["request"] == 9).then(|| message.clone())).await;
    assert_eq!(told, json!({ "type": "policy", "policy": "never", "unprocessed": "hold", "request": 9 }));
    // Every frame is queued, for a second at most; then the oldest are skipped.
    let full = |session: &Value| session["frames"]["skipped"]["backlog"].as_u64() > Some(5);
    let session = server.wait_for_session("slow", "has a backlog", full).await;
    assert_eq!(policy(&session), ("never", "hold"));
    client.receive("is warned", |message| (message["type"] == "warning").then_some(())).await;

    for wrong in [json!({ "policy": "always" }), json!({ "unprocessed": 1 }), json!({ "skipping": "never" }), json!([])]
    {
        let answer = server.patch("/sessions/slow", &wrong).await;
        assert!([400, 422].contains(&answer.status), "{wrong}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{wrong}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("latest, adaptive, never"), "{answer:?}");
    }
    assert_eq!(server.patch("/sessions/nobody", &json!({})).await.status, 404);
    for query in ["policy=always", "unprocessed=nothing", "policy="] {
        let body = json!({ "type": "offer", "webrtc_id": "x", "sdp": "v=0" });
        let answer = server.post(&format!("/webrtc/offer?{query}"), &body).await;
        assert_eq!((answer.status, &answer.json()["meta"]["error"]), (400, &json!("invalid_option")), "{answer:?}");
    }
}

#[tokio::test]
async fn every_frame_has_a_row_and_is_accounted_for() {
    let Some(python) = python::python() else { return };
    let Some(slow_flip) = examples::argument("slow-flip") else { return };
    let server = Server::start(&["--handler", &slow_flip]).await;
    let mut client = Client::start(&python, &server, "slow", "slow-flip");
    live(&server, "slow").await;
    client.send(&json!({ "type": "subscribe", "stats_ms": 300, "frames": true }));
    let message = client
        .receive("is told of frames", |message| (message["frames"].as_array()?.len() > 3).then(|| message.clone()))
        .await;
    assert_eq!(message["type"], "stats");
    assert!(message["data"]["budget"]["call_ms"].as_f64() > Some(0.0), "{message}");

    let json = server.get("/sessions/slow/frames").await.json();
    let rows = json["frames"].as_array().unwrap();
    let of = |outcome: &str| rows.iter().filter(|row| row["outcome"] == outcome).collect::<Vec<_>>();
    let (processed, skipped) = (of("processed"), of("skipped"));
    assert!(processed.len() > 3 && skipped.len() > processed.len(), "{rows:?}");
    assert!(processed.iter().all(|row| row["handler_us"].as_u64() > Some(150_000) && row["reason"].is_null()));
    assert!(processed.iter().all(|row| row["decode_us"].as_u64() > Some(0) && row["encode_us"].as_u64() > Some(0)));
    assert!(skipped.iter().all(|row| row["reason"] == "busy" && row["handler_us"] == 0), "{skipped:?}");
    let mut sequences: Vec<_> = rows.iter().map(|row| row["sequence"].as_u64().unwrap()).collect();
    sequences.sort_unstable();
    // The frame in work gets its outcome after those that arrived meanwhile.
    let missing = sequences[sequences.len() - 1] + 1 - sequences[0] - sequences.len() as u64;
    assert!(missing <= 1 && sequences.windows(2).all(|pair| pair[1] > pair[0]), "each frame once: {sequences:?}");
    let next = json["next"].as_u64().unwrap();
    let later = server.get(&format!("/sessions/slow/frames?after={next}")).await.json();
    assert!(later["frames"].as_array().unwrap().len() < rows.len() && later["next"].as_u64() >= Some(next));
    for _ in 0..20 {
        let session = server.session("slow").await.unwrap();
        let open = session["frames"]["waiting"].as_u64().unwrap() + session["frames"]["in_work"].as_u64().unwrap();
        assert_eq!(unaccounted(&session), open, "{session}");
    }
}

#[tokio::test]
async fn a_machine_without_capacity_refuses_with_retry_after() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&["--capacity-ms", "300"]).await;
    let mut client = Client::start(&python, &server, "first", "invert");
    client.pictures(10).await;
    let load = server.get("/healthz").await.json()["load"].clone();
    assert_eq!(load["capacity_ms"], 300.0);
    assert!(load["used_ms"].as_f64() > Some(0.0), "{load}");
    let offer: String = include_str!("../../offers/chromium.sdp").lines().map(|line| format!("{line}\r\n")).collect();
    let body = |id: &str| json!({ "type": "offer", "webrtc_id": id, "sdp": offer });
    // A handler that was not measured yet is assumed to take a quarter of a core.
    let answer = server.post("/webrtc/offer?handler=edges", &body("second")).await;
    assert_eq!((answer.status, &answer.json()["meta"]["error"]), (503, &json!("concurrency_limit_reached")));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{answer:?}");
    let before = client.count();
    client.pictures(before + 20).await;
    client.child.close_input();
    server.wait_for_end("first").await;
    assert_eq!(server.post("/webrtc/offer?handler=edges", &body("third")).await.status, 200, "there is room again");
}

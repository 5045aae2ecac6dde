//! Live sessions with aiortc, whose WebRTC shares no code with the server's: every picture is accounted for, FastRTC's
//! clients work, and clients that disappear leave nothing behind.

use std::path::Path;
use std::time::Instant;

use framebox_media::Codec;
use framebox_test_support::child::Child;
use framebox_test_support::server::{Server, unaccounted};
use framebox_test_support::{lacking, python};
use serde_json::{Value, json};

#[tokio::test]
async fn numbered_pictures_come_back_flipped_once_and_in_order() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    for turn in ["vertical", "horizontal"] {
        let parameters = json!({ "direction": turn }).to_string();
        let arguments = [server.base.as_str(), turn, "flip", &parameters, "120"];
        let report = python::report(&python, "counter.py", &arguments).await;
        eprintln!("{turn}: {report}");
        assert_eq!(report["answer"]["parameters"]["direction"], turn, "{report}");
        let count = |name: &str| report[name].as_u64().unwrap();
        assert_eq!(count("distinct"), count("numbers"), "none comes twice: {report}");
        assert_eq!(report["increasing"], true, "{report}");
        assert_eq!(count("unknown"), 0, "nothing comes that was not sent: {report}");
        assert_eq!(report["sizes"], json!([[640, 480]]), "{report}");
        let turns = report["turns"].as_object().unwrap();
        assert_eq!(turns.keys().collect::<Vec<_>>(), [turn], "every picture is turned: {report}");
        // On a slow machine the server skips pictures, and counts them.
        let accounted = count("numbers") + count("unreadable") + count("skipped");
        assert!(accounted * 10 >= count("expected") * 9, "each comes back or is skipped: {report}");
        assert!(count("numbers") >= 120 && count("unreadable") * 20 <= count("numbers"), "{report}");
        server.wait_for_end(turn).await;
    }
    server.assert_quiet();
}

#[tokio::test]
async fn a_client_without_h264_is_served_in_vp8() {
    let Some(python) = python::python() else { return };
    if let Some(missing) = Codec::Vp8.missing() {
        return lacking(&format!("the program {missing}"));
    }
    for isolation in ["process", "thread"] {
        let server = Server::start(&["--isolation", isolation]).await;
        let arguments = [server.base.as_str(), isolation, "flip", r#"{"direction": "vertical"}"#, "60", "VP8"];
        let report = python::report(&python, "counter.py", &arguments).await;
        eprintln!("{isolation}: {report}");
        assert_eq!(report["codec"], "VP8", "{report}");
        let count = |name: &str| report[name].as_u64().unwrap();
        assert_eq!(count("distinct"), count("numbers"), "none comes twice: {report}");
        assert_eq!((&report["increasing"], count("unknown")), (&json!(true), 0), "{report}");
        assert_eq!(report["sizes"], json!([[640, 480]]), "{report}");
        let turns = report["turns"].as_object().unwrap();
        assert_eq!(turns.keys().collect::<Vec<_>>(), ["vertical"], "every picture is turned: {report}");
        assert!(count("numbers") >= 60 && count("unreadable") * 20 <= count("numbers"), "{report}");
        server.wait_for_end(isolation).await;
        server.assert_quiet();
    }
}

/// Asserts that an answer is a success, as status and body.
fn success(answer: &Value) {
    assert_eq!(*answer, json!([200, { "status": "success" }]));
}

#[tokio::test]
async fn a_fastrtc_page_works() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    for channel in ["channel", "none"] {
        let arguments = [server.base.as_str(), "page", "invert", "strength", "50", "\"much\"", channel];
        let report = python::report(&python, "fastrtc.py", &arguments).await;
        let early = report["early"].as_array().unwrap();
        assert!(!early.is_empty(), "{report}");
        early.iter().for_each(success);
        for kind in ["firefox", "end", "null"] {
            success(&report["late"][kind]);
        }
        for refused in report["wrong_candidates"].as_array().unwrap() {
            assert_eq!((&refused[0], &refused[1]["status"]), (&json!(400), &json!("failed")), "{report}");
            assert_eq!(refused[1]["meta"]["error"], "invalid_candidate_format", "{report}");
        }
        assert_eq!(report["answer_type"], "answer");
        assert!(report["frames"].as_u64() >= Some(30), "video comes back: {report}");
        if channel == "channel" {
            talked(&report);
        }
        server.wait_for_end("page").await;
    }
    server.assert_quiet();
}

/// Checks the messages of the data channel.
fn talked(report: &Value) {
    assert_eq!(report["log"], json!({ "type": "log", "data": "Server received: handshake" }));
    assert_eq!(report["set"]["type"], "parameters", "{report}");
    assert_eq!(report["set"]["parameters"]["strength"], 50, "{report}");
    assert!(report["set"]["sequence"].is_u64(), "{report}");
    for refused in ["wrong", "unknown"] {
        let error = &report[refused];
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("parameter")), "{error}");
        assert_eq!(error["message"], error["data"], "both kinds of client read it: {error}");
    }
    assert!(report["wrong"]["message"].as_str().unwrap().contains("strength"), "{report}");
    assert!(report["unknown"]["message"].as_str().unwrap().contains("no-such-parameter"), "{report}");
    let session = &report["session"]["data"];
    assert_eq!((&session["id"], &session["handler"]["name"]), (&json!("page"), &json!("invert")), "{session}");
    assert_eq!(session["parameters"]["strength"], 50, "the wrong one changed nothing: {session}");
    let stats = &report["stats"]["data"];
    assert_eq!((&stats["state"], &stats["codec"]), (&json!("live"), &json!("H264")), "{stats}");
    assert_eq!(stats["picture"], json!({ "width": 320, "height": 240 }), "{stats}");
    assert!(stats["frames"]["processed"].as_u64() > Some(0), "{stats}");
    assert_eq!(report["after_rubbish"]["type"], "parameters", "{report}");
    assert_eq!(report["answers_to_rubbish"], json!([]), "{report}");
}

/// Starts a client that stays in its session; returns once pictures come back.
async fn stay(python: &Path, server: &Server, id: &str) -> Child {
    let mut child = python::start(python, "stay.py", &[&server.base, id, "invert"]);
    child
        .find("pictures come back", |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            (event["count"].as_u64() > Some(10)).then_some(())
        })
        .await;
    child
}

#[tokio::test]
async fn a_client_that_is_killed_leaves_nothing_behind() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&["--sessions", "1"]).await;
    // Twice with the same id: it can be used again.
    for _ in 0..2 {
        let mut client = stay(&python, &server, "vanishing").await;
        server.wait_for_session("vanishing", "is live", |it| it["state"] == "live").await;
        let all = |session: &Value| unaccounted(session) <= 2;
        server.wait_for_session("vanishing", "accounts for every picture", all).await;
        client.kill();
        let begin = Instant::now();
        server.wait_for_end("vanishing").await;
        assert_eq!(server.get("/healthz").await.json()["sessions"], 0);
        eprintln!("gone after {:?}", begin.elapsed());
    }
    // Another client takes the slot.
    let mut next = stay(&python, &server, "next").await;
    next.close_input();
    assert!(next.ended().await.success());
    server.wait_for_end("next").await;
}

#[tokio::test]
async fn a_client_is_told_that_its_session_was_deleted() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&["--sessions", "1"]).await;
    let mut client = stay(&python, &server, "deleted").await;
    assert_eq!(server.delete("/sessions/deleted").await.status, 204);
    server.wait_for_end("deleted").await;
    client
        .find("is told of the end", |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            (event["message"]["type"] == "end_stream").then_some(())
        })
        .await;
}

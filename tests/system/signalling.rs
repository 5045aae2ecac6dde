//! Signalling as FastRTC's clients do it: the bodies are FastRTC's, the status codes are correct, and only an
//! answered offer takes a slot. The offers are recorded from browsers; no client connects.

use std::time::Instant;

use framebox_test_support::server::{Answer, Server};
use framebox_test_support::wait::seconds;
use serde_json::{Value, json};

const CHROMIUM: &str = include_str!("../offers/chromium.sdp");
const FIREFOX: &str = include_str!("../offers/firefox.sdp");

/// Returns the SDP with the line ends of the wire.
fn sdp(text: &str) -> String {
    text.lines().map(|line| format!("{line}\r\n")).collect()
}

fn body(id: &str, offer: &str) -> Value {
    json!({ "type": "offer", "webrtc_id": id, "sdp": sdp(offer) })
}

fn error(answer: &Answer) -> (u16, String) {
    let json = answer.json();
    assert_eq!(json["status"], "failed", "{answer:?}");
    assert!(json["meta"]["message"].as_str().is_some_and(|message| message.len() > 10), "said in words: {answer:?}");
    (answer.status, json["meta"]["error"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned())
}

/// Returns the lines of the video section.
fn video(sdp: &str) -> Vec<&str> {
    let mut lines = sdp.lines().skip_while(|line| !line.starts_with("m=video"));
    let first = lines.next().unwrap_or_else(|| panic!("no video: {sdp}"));
    std::iter::once(first).chain(lines.take_while(|line| !line.starts_with("m="))).collect()
}

#[tokio::test]
async fn offers_of_browsers_are_answered_with_h264_both_ways() {
    let server = Server::start(&[]).await;
    for (name, offer) in [("chromium", CHROMIUM), ("firefox", FIREFOX)] {
        let answer = server.post("/webrtc/offer?handler=invert", &body(name, offer)).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        let json = answer.json();
        assert_eq!(json["type"], "answer");
        let text = json["sdp"].as_str().unwrap();
        let video = video(text);
        assert!(!video[0].starts_with("m=video 0 "), "{name}: the video is taken: {text}");
        assert!(video.contains(&"a=sendrecv"), "{name}: {text}");
        let codecs: Vec<_> = video.iter().filter_map(|line| line.strip_prefix("a=rtpmap:")).collect();
        assert!(codecs.iter().any(|codec| codec.ends_with("H264/90000")), "{name}: {codecs:?}");
        // The browser sends the codec that it prefers of these, so the server must be able to decode each.
        assert!(!codecs.iter().any(|codec| codec.contains("VP8") || codec.contains("VP9") || codec.contains("AV1")));
        assert!(text.contains("webrtc-datachannel"), "{name}: {text}");
        let session = server.session(name).await.unwrap();
        assert_eq!((&session["state"], &session["handler"]), (&json!("connecting"), &json!("invert")));
    }
    assert_eq!(server.sessions().await, ["chromium", "firefox"]);
}

#[tokio::test]
async fn wrong_offers_are_explained_and_take_no_slot() {
    let server = Server::start(&["--sessions", "1"]).await;
    let vp9_only: String = sdp(CHROMIUM).replace("H264/90000", "X264/90000").replace("VP8/90000", "VP10/90000");
    let no_video = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    let cut = &sdp(CHROMIUM)[..700];
    let table = [
        ("/webrtc/offer", json!({ "type": "offer", "webrtc_id": "a", "sdp": "rubbish" }), (400, "invalid_offer")),
        ("/webrtc/offer", json!({ "type": "offer", "webrtc_id": "a", "sdp": "" }), (400, "invalid_offer")),
        ("/webrtc/offer", json!({ "type": "offer", "webrtc_id": "a", "sdp": 7 }), (400, "invalid_offer")),
        ("/webrtc/offer", json!({ "type": "offer", "webrtc_id": "a", "sdp": vp9_only }), (400, "invalid_offer")),
        ("/webrtc/offer", json!({ "type": "offer", "webrtc_id": "a", "sdp": no_video }), (400, "invalid_offer")),
        ("/webrtc/offer", json!({ "type": "offer", "webrtc_id": "a", "sdp": cut }), (400, "invalid_offer")),
        ("/webrtc/offer", json!({ "type": "offer", "webrtc_id": "a" }), (400, "invalid_offer")),
        ("/webrtc/offer", json!({ "type": "dance", "webrtc_id": "a" }), (400, "invalid_type")),
        ("/webrtc/offer", json!({ "webrtc_id": "a", "sdp": sdp(CHROMIUM) }), (400, "invalid_type")),
        ("/webrtc/offer", json!({ "type": "offer", "sdp": sdp(CHROMIUM) }), (422, "missing_webrtc_id")),
        (
            "/webrtc/offer",
            json!({ "type": "offer", "webrtc_id": "", "sdp": sdp(CHROMIUM) }),
            (422, "missing_webrtc_id"),
        ),
        ("/webrtc/offer", body(&"x".repeat(129), CHROMIUM), (422, "missing_webrtc_id")),
        ("/webrtc/offer", json!([]), (422, "missing_webrtc_id")),
        ("/webrtc/offer?handler=nobody", body("a", CHROMIUM), (404, "unknown_handler")),
        (
            "/webrtc/offer",
            json!({ "type": "ice-candidate", "webrtc_id": "a", "candidate": 7 }),
            (400, "invalid_candidate_format"),
        ),
    ];
    for (path, body, (status, word)) in table {
        let answer = server.post(path, &body).await;
        assert_eq!(error(&answer), (status, word.to_owned()), "{body}");
        assert_eq!(server.sessions().await, Vec::<String>::new(), "{body}");
    }
    for text in ["{", "", "nonsense"] {
        let headers = [("content-type", "application/json")];
        let answer = server.request("POST", "/webrtc/offer", &headers, text).await;
        assert_eq!(error(&answer), (400, "invalid_request".to_owned()), "{text:?}");
    }
    let huge = json!({ "type": "offer", "webrtc_id": "a", "sdp": "x".repeat(2_000_000) });
    assert_eq!(server.post("/webrtc/offer", &huge).await.status, 413);
    // The only slot is still free.
    assert_eq!(server.post("/webrtc/offer", &body("a", CHROMIUM)).await.status, 200);
}

#[tokio::test]
async fn of_concurrent_offers_with_one_id_one_is_accepted() {
    let server = Server::start(&["--sessions", "20"]).await;
    for round in 0..3 {
        let id = format!("wanted-{round}");
        let offer = body(&id, CHROMIUM);
        let post = || server.post("/webrtc/offer", &offer);
        let answers = tokio::join!(post(), post(), post(), post());
        let (mut won, mut lost) = (0, 0);
        for answer in [answers.0, answers.1, answers.2, answers.3] {
            if answer.status == 200 {
                won += 1;
            } else {
                assert_eq!(error(&answer), (409, "connection_already_exists".to_owned()));
                lost += 1;
            }
        }
        assert_eq!((won, lost), (1, 3));
    }
    assert_eq!(error(&server.post("/webrtc/offer", &body("wanted-0", FIREFOX)).await).0, 409);
    assert_eq!(server.sessions().await.len(), 3);
}

#[tokio::test]
async fn a_full_server_refuses_with_retry_after() {
    let server = Server::start(&["--sessions", "2"]).await;
    for id in ["a", "b"] {
        assert_eq!(server.post("/webrtc/offer", &body(id, CHROMIUM)).await.status, 200);
    }
    let answer = server.post("/webrtc/offer", &body("c", CHROMIUM)).await;
    assert_eq!(error(&answer), (503, "concurrency_limit_reached".to_owned()));
    assert_eq!(answer.json()["meta"]["limit"], 2);
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| (1..=60).contains(&wait)), "{answer:?}");

    assert_eq!(server.delete("/sessions/a").await.status, 204);
    server.wait_for_end("a").await;
    assert_eq!(server.post("/webrtc/offer", &body("c", CHROMIUM)).await.status, 200, "its slot is free");
    assert_eq!(server.sessions().await, ["b", "c"]);
}

#[tokio::test]
async fn an_offer_without_a_client_frees_its_slot_and_its_id() {
    let server = Server::start(&["--sessions", "1"]).await;
    for _ in 0..2 {
        assert_eq!(server.post("/webrtc/offer", &body("ghost", CHROMIUM)).await.status, 200);
        let begin = Instant::now();
        server.wait_for_end("ghost").await;
        assert!(begin.elapsed() > seconds(2), "a client is given time to connect");
        assert_eq!(server.post("/webrtc/offer", &body("next", FIREFOX)).await.status, 200, "the slot is free");
        assert_eq!(server.delete("/sessions/next").await.status, 204);
        server.wait_for_end("next").await;
    }
}

#[tokio::test]
async fn candidates_before_their_offer_are_kept_up_to_a_limit() {
    let server = Server::start(&[]).await;
    let candidate = |id: &str, n: u16| {
        let text = format!("candidate:1 1 UDP 2122252543 127.0.0.1 {} typ host", 40_000 + n);
        let candidate = json!({ "candidate": text, "sdpMid": "0", "sdpMLineIndex": 0 });
        json!({ "type": "ice-candidate", "webrtc_id": id, "candidate": candidate })
    };
    let answer = server.post("/webrtc/offer", &candidate("early", 0)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": "success" })));
    assert_eq!(server.sessions().await, Vec::<String>::new(), "a candidate is no session");
    assert_eq!(server.post("/webrtc/offer", &body("early", CHROMIUM)).await.status, 200);
    assert_eq!(server.post("/webrtc/offer", &candidate("early", 1)).await.status, 200);

    let mut refused = 0;
    for n in 0..200 {
        let answer = server.post("/webrtc/offer", &candidate("flood", n)).await;
        match answer.status {
            200 => assert_eq!(refused, 0, "once there is no room, there is none"),
            _ => {
                assert_eq!(error(&answer), (404, "unknown_connection".to_owned()));
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "{refused} of 200 were refused");
}

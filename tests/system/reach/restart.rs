//! Other paths for a session that runs: later offers of its client, with other ICE credentials.

use framebox_test_support::alone;
use framebox_test_support::browser::Browser;
use framebox_test_support::server::{Answer, Server};
use framebox_test_support::wait::wait_until;
use serde_json::{Value, json};

use super::{connect, wait_for_video};

const OFFER: &str = include_str!("../../offers/chromium.sdp");

/// The offer with other ICE credentials.
fn restarted(ufrag: &str) -> String {
    let line = |line: &str| match line.strip_prefix("a=ice-ufrag:") {
        Some(_) => format!("a=ice-ufrag:{ufrag}\r\n"),
        None => format!("{line}\r\n"),
    };
    OFFER.lines().map(line).collect()
}

fn body(id: &str, sdp: &str, restart: bool) -> Value {
    json!({ "type": "offer", "webrtc_id": id, "sdp": sdp, "restart": restart })
}

fn error(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["meta"]["error"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn only_the_client_of_a_session_restarts_it() {
    let server = Server::start(&[]).await;
    let post = |body: Value| async { server.post("/webrtc/offer", &{ body }).await };
    let nothing = post(body("a", &restarted("abcd"), true)).await;
    assert_eq!(error(&nothing), (404, "unknown_connection".to_owned()), "there is nothing to restart");
    assert_eq!(server.sessions().await, Vec::<String>::new(), "and no session is begun");

    assert_eq!(post(body("a", &restarted("abcd"), false)).await.status, 200);
    let taken = (409, "connection_already_exists".to_owned());
    assert_eq!(error(&post(body("a", &restarted("abcd"), false)).await), taken, "the same offer");
    let other = restarted("efgh").replace("a=fingerprint:sha-256 ", "a=fingerprint:sha-256 00:");
    assert_eq!(error(&post(body("a", &other, true)).await), taken, "another client");
    let without_video = restarted("efgh").replace("H264/90000", "X264/90000");
    assert_eq!(error(&post(body("a", &without_video, true)).await), (400, "invalid_offer".to_owned()), "other media");

    // A candidate of the new credentials that overtakes its offer is kept for it.
    let line = "candidate:1 1 udp 2122252543 127.0.0.1 40000 typ host ufrag efgh";
    let candidate = json!({ "candidate": line, "sdpMid": "0", "sdpMLineIndex": 0 });
    let early = json!({ "type": "ice-candidate", "webrtc_id": "a", "candidate": candidate });
    assert_eq!(post(early).await.status, 200);
    for ufrag in ["efgh", "ijkl"] {
        let answer = post(body("a", &restarted(ufrag), true)).await;
        assert_eq!((answer.status, answer.json()["type"].as_str()), (200, Some("answer")), "{answer:?}");
        assert_eq!(answer.header("session-secret"), "", "the session has its secret");
    }
    assert_eq!(server.sessions().await, ["a"]);
}

#[tokio::test]
async fn a_browser_with_another_network_keeps_its_session() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(&[]).await else { return };
    connect(&browser, &server, "plasma", json!({})).await;
    wait_for_video(&browser).await;
    let [id] = &server.sessions().await[..] else { panic!("one session") };
    let processed = || async { server.session(id).await.unwrap()["frames"]["processed"].as_u64().unwrap() };
    let credentials = "return [client.peer.localDescription.sdp, client.peer.remoteDescription.sdp]
        .map((sdp) => /a=ice-ufrag:(\\S+)/.exec(sdp)[1])";
    let before = browser.run(credentials, &[]).await;
    let count = processed().await;

    browser.run("window.dispatchEvent(new Event('online'))", &[]).await;
    wait_until("ICE is restarted", async || {
        let after = browser.run(credentials, &[]).await;
        let is_other = after[0] != before[0] && after[1] != before[1];
        let state = browser.run("return client.peer.signalingState", &[]).await;
        if is_other && state == "stable" { Ok(()) } else { Err(format!("{after} {state}")) }
    })
    .await;
    // What the session had is kept, and video goes on.
    let at = processed().await;
    assert!(at >= count, "the handler's state is kept: {count} then {at}");
    wait_until("the video goes on", async || {
        let seen = browser.run("return client.stats()", &[]).await;
        let flows = processed().await > at + 30 && seen["output"]["fps"].as_f64() > Some(1.0);
        if flows { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    let seen = browser.run("return seen", &[]).await;
    assert_eq!((&seen["error"], seen["reconnects"].as_u64()), (&Value::Null, Some(1)), "{seen}");
    assert_eq!(server.sessions().await.as_slice(), std::slice::from_ref(id), "it is the same session");
    browser.close().await;
}

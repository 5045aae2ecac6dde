//! Offers as other clients write them, from Chromium with its offer changed: each results in pictures.

use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;
use serde_json::{Value, json};

/// Makes a connection that sends the camera, over sections in an unusual order where the name says so; leaves its offer in `offer`.
const OFFER: &str = r#"
const [name] = arguments;
window.offer = window.failure = null;
window.video = document.createElement("video");
video.muted = true;
(async () => {
    const media = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 }, audio: true });
    const [camera] = media.getVideoTracks();
    const bundlePolicy = name === "audio first" ? "max-bundle" : "balanced";
    window.connection = new RTCPeerConnection({ bundlePolicy });
    if (name === "audio first") connection.addTransceiver(media.getAudioTracks()[0], { direction: "sendonly" });
    connection.addTransceiver(camera, { direction: name === "two sections" ? "sendonly" : "sendrecv" });
    if (name === "two sections") connection.addTransceiver("video", { direction: "recvonly" });
    connection.ontrack = ({ track }) => {
        if (track.kind !== "video") return;
        video.srcObject = new MediaStream([track]);
        video.play();
    };
    await connection.setLocalDescription();
    while (connection.iceGatheringState !== "complete") await new Promise(resolve => setTimeout(resolve, 20));
    window.offer = connection.localDescription.sdp;
})().catch(error => { window.failure = String(error); });
"#;

/// Accepts the answer.
const ACCEPT: &str = r#"
connection.setRemoteDescription({ type: "answer", sdp: arguments[0] }).catch(error => { window.failure = String(error); });
"#;

#[tokio::test]
async fn changed_offers_of_chromium_result_in_pictures() {
    let _alone = alone().await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    let server = Server::start(&[]).await;
    browser.open(&server.page_of("invert")).await;
    for name in ["no sources", "active", "passive", "audio first", "two sections"] {
        browser.run(OFFER, &[json!(name)]).await;
        let offer = wait_until("there is an offer", async || {
            match browser.run("return [window.offer, window.failure]", &[]).await {
                Value::Array(both) if both[0].is_string() => Ok(both[0].as_str().unwrap().to_owned()),
                other => Err(format!("{other}")),
            }
        })
        .await;
        let changed: String = match name {
            "no sources" => {
                offer.lines().filter(|line| !line.starts_with("a=ssrc")).map(|line| format!("{line}\r\n")).collect()
            }
            "active" | "passive" => offer.replace("a=setup:actpass", &format!("a=setup:{name}")),
            _ => offer,
        };
        let id = name.replace(' ', "-");
        let body = json!({ "type": "offer", "webrtc_id": id, "sdp": changed });
        let answer = server.post("/webrtc/offer?handler=invert", &body).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        let sdp = answer.json()["sdp"].clone();
        browser.run(ACCEPT, std::slice::from_ref(&sdp)).await;
        wait_until(&format!("{name}: pictures come back"), async || {
            let state =
                "return [video.getVideoPlaybackQuality().totalVideoFrames, window.failure, connection.connectionState]";
            let state = browser.run(state, &[]).await;
            assert!(state[1].is_null(), "{name}: {state} {sdp}");
            if state[0].as_u64() > Some(10) { Ok(()) } else { Err(format!("{state}")) }
        })
        .await;
        browser.run("connection.close()", &[]).await;
        server.delete(&format!("/sessions/{id}")).await;
    }
}

//! Pages of another origin publish and watch in Chromium, with clients of npm.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;
use framebox_test_support::{alone, node};
use serde_json::json;
use tokio::net::TcpListener;

use super::make_stream;

const PAGE: &str = "<!doctype html><title>Studio</title><video id=video muted autoplay playsinline></video>\n\
    <script src=/clients.js></script>\n";

/// Publishes a camera and a microphone, and watches, with the clients of the drafts' author.
const AUTHORS: &str = "
    const [base, token, done] = arguments;
    const camera = async () => navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: true });
    window.publish = async (path) => {
        window.publisher = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
        const stream = await camera();
        stream.getTracks().forEach((track) => publisher.addTransceiver(track, { direction: 'sendonly', streams: [stream] }));
        window.whip = new clients.WHIPClient();
        await whip.publish(publisher, base + path, token);
    };
    window.watch = async (path) => {
        window.viewer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
        viewer.addTransceiver('audio', { direction: 'recvonly' });
        viewer.addTransceiver('video', { direction: 'recvonly' });
        viewer.ontrack = ({ track }) => { if (track.kind === 'video') video.srcObject = new MediaStream([track]); };
        window.whep = new clients.WHEPClient();
        await whep.view(viewer, base + path, token);
    };
    window.frames = async () => {
        const stats = [...(await viewer.getStats()).values()];
        return stats.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')?.framesDecoded ?? 0;
    };
    window.said = {};
    done();
";

/// The same with Eyevinn's.
const EYEVINNS: &str = "
    const [base, token, done] = arguments;
    window.publish = async (path) => {
        const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: true });
        window.whip = new clients.EyevinnClient({ endpoint: base + path, opts: { authkey: token, iceServers: [] } });
        await whip.ingest(stream);
    };
    window.watch = async (path) => {
        window.player = new clients.WebRTCPlayer({ video, type: 'whep', iceServers: [], statsTypeFilter: '^inbound-rtp' });
        await player.load(new URL(base + path), `Bearer ${token}`);
    };
    window.frames = async () => video.getVideoPlaybackQuality().totalVideoFrames;
    window.said = {};
    done();
";

/// A server, and the browser with a page of another origin that it grants.
async fn open(folder: &Scratch, script: &str) -> Option<(Server, Browser)> {
    let clients = node::clients()?;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let javascript = [("content-type", "text/javascript")];
    let pages = Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/clients.js", get(async move || (javascript, clients)));
    tokio::spawn(async move { axum::serve(listener, pages).await });
    // One candidate: the client of the drafts' author writes several ones as one line.
    let configuration = format!("[server]\norigins = [\"{origin}\"]\n[webrtc]\ntcp = false\n");
    let file = folder.write("framebox.toml", configuration);
    let server = Server::start(&["--config", file.to_str().unwrap()]).await;
    let browser = Browser::start(CAMERA).await?;
    browser.open(&origin).await;
    make_stream(&server, "door").await;
    let arguments = [json!(server.base), json!(server.secret)];
    browser.client.execute_async(script, arguments.to_vec()).await.unwrap();
    Some((server, browser))
}

/// Runs a function of the page, and waits until it is done.
async fn run(browser: &Browser, call: &str) {
    let script = format!(
        "const [done] = arguments; {call}.then(() => done(null), (error) => done(`${{error.name}}: ${{error.message}}`));"
    );
    let wrong = browser.client.execute_async(&script, Vec::new()).await.unwrap();
    assert!(wrong.is_null(), "{call}: {wrong}");
}

/// Waits until so many more pictures were shown.
async fn pictures(browser: &Browser, more: u64) {
    let count = || async {
        let script = "const [done] = arguments; frames().then(done, () => done(0));";
        browser.client.execute_async(script, Vec::new()).await.unwrap().as_u64().unwrap_or_default()
    };
    let before = count().await;
    wait_until("pictures are shown", async || match count().await {
        now if now >= before + more => Ok(()),
        now => Err(format!("{now} after {before}")),
    })
    .await;
}

#[tokio::test]
async fn a_page_publishes_and_watches_with_the_clients_of_the_drafts_author() {
    let _alone = alone().await;
    let folder = Scratch::new();
    let Some((server, browser)) = open(&folder, AUTHORS).await else { return };
    run(&browser, "publish('/whip/door')").await;
    run(&browser, "watch('/whep/door')").await;
    pictures(&browser, 10).await;
    let tag = browser.run("return whip.etag", &[]).await;
    assert!(tag.as_str().is_some_and(|tag| tag.starts_with('"')), "{tag}");
    run(&browser, "whip.restart()").await;
    let other = browser.run("return whip.etag", &[]).await;
    assert!(other != tag && other.is_string(), "{other}");
    pictures(&browser, 10).await;
    run(&browser, "whep.restart()").await;
    pictures(&browser, 10).await;
    run(&browser, "whep.stop()").await;
    run(&browser, "whip.stop()").await;
    wait_until("nobody is there", async || {
        let report = server.get("/streams/door").await.json();
        if report["viewers"] == 0 && report["state"] != "live" { Ok(()) } else { Err(report.to_string()) }
    })
    .await;
    browser.close().await;
}

#[tokio::test]
async fn a_page_publishes_and_watches_with_eyevinns_clients() {
    let _alone = alone().await;
    let folder = Scratch::new();
    let Some((server, browser)) = open(&folder, EYEVINNS).await else { return };
    run(&browser, "publish('/whip/door')").await;
    wait_until("it is live", async || {
        let report = server.get("/streams/door").await.json();
        if report["state"] == "live" { Ok(()) } else { Err(report.to_string()) }
    })
    .await;
    run(&browser, "watch('/whep/door')").await;
    pictures(&browser, 10).await;
    run(&browser, "whip.destroy()").await;
    wait_until("the publisher is gone", async || {
        let report = server.get("/streams/door").await.json();
        if report["state"] != "live" { Ok(()) } else { Err(report.to_string()) }
    })
    .await;
    browser.close().await;
}

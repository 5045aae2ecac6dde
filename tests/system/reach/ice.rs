//! STUN and TURN servers for clients, and ports that cannot be had.

use std::net::UdpSocket;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use framebox_test_support::child::Child;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::program;
use serde_json::json;

use super::start;

const OFFER: &str = include_str!("../../offers/chromium.sdp");

const CONFIGURATION: &str = r#"
[server]
origins = ["https://other.example"]

[webrtc]
disconnect_timeout_s = 20

[[webrtc.client_ice_servers]]
urls = ["stun:stun.example"]

[[webrtc.client_ice_servers]]
urls = ["turn:turn.example", "turns:turn.example?transport=tcp"]
secret = "shared"
ttl_s = 600
"#;

#[tokio::test]
async fn clients_are_told_which_servers_help_them_and_get_credentials() {
    let folder = Scratch::new();
    let server = start(&folder, CONFIGURATION, &[]).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let answer = server.get("/ice").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{answer:?}");
    let json = answer.json();
    assert_eq!((&json["ttl"], &json["disconnectTimeout"]), (&json!(600), &json!(20)));
    assert_eq!(json["iceServers"][0], json!({ "urls": ["stun:stun.example"] }));
    let turn = &json["iceServers"][1];
    assert_eq!(turn["urls"], json!(["turn:turn.example", "turns:turn.example?transport=tcp"]));
    let (expiry, user) = turn["username"].as_str().unwrap().split_once(':').unwrap();
    assert!((now + 590..=now + 700).contains(&expiry.parse().unwrap()), "{expiry} at {now}");
    assert_eq!(user, "-operator");
    assert!(turn["credential"].as_str().unwrap().len() == 28, "a hash of 20 bytes: {turn}");

    // The answer to an offer has the same, for WHIP's way (RFC 9725 section 4.6).
    let offer: String = OFFER.lines().map(|line| format!("{line}\r\n")).collect();
    let body = json!({ "type": "offer", "webrtc_id": "a", "sdp": offer }).to_string();
    let headers = [("content-type", "application/json"), ("origin", "https://other.example")];
    let answer = server.request("POST", "/webrtc/offer", &headers, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let links: Vec<_> = answer.headers.get_all("link").iter().map(|link| link.to_str().unwrap()).collect();
    assert_eq!(links.len(), 3, "{links:?}");
    assert_eq!(links[0], "<stun:stun.example>; rel=\"ice-server\"");
    for (link, url) in links[1..].iter().zip(["turn:turn.example", "turns:turn.example?transport=tcp"]) {
        assert!(link.starts_with(&format!("<{url}>; rel=\"ice-server\"; username=\"")), "{link}");
        assert!(link.ends_with("; credential-type=\"password\""), "{link}");
    }
    let exposed = answer.header("access-control-expose-headers");
    assert!(exposed.split(',').any(|name| name.trim() == "link"), "{exposed}");
}

#[tokio::test]
async fn without_servers_there_is_nothing_to_tell() {
    let folder = Scratch::new();
    let server = start(&folder, "", &[]).await;
    assert_eq!(server.get("/ice").await.json(), json!({ "iceServers": [], "ttl": null, "disconnectTimeout": 30 }));
    assert_eq!(server.request("GET", "/ice", &[("authorization", "")], "").await.status, 401);
}

#[tokio::test]
async fn a_media_port_that_is_taken_is_said_at_the_start() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (flags, words) in
        [(&["--media-port", port.as_str()][..], port.as_str()), (&["--media-address", "192.0.2.200"], "192.0.2.200")]
    {
        let mut command: Command = program(&["serve", "--bind", "127.0.0.1:0", "--media-address", "127.0.0.1"]);
        let mut child = Child::start("framebox", command.args(flags));
        assert!(!child.ended().await.success());
        let said = child.err().join("\n");
        assert!(said.contains(words) && said.contains("for media"), "{said}");
    }
}

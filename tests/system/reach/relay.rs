//! A browser that may use TURN servers only, as behind a firewall that lets nothing else through.

use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::turn::{SECRET, TurnServer};
use serde_json::{Value, json};

use super::{connect, start, wait_for_video};

#[tokio::test]
async fn a_browser_that_reaches_only_a_turn_server_gets_its_video_back() {
    let _alone = alone().await;
    let Some(turn) = TurnServer::start().await else { return };
    let folder = Scratch::new();
    let url = format!("turn:127.0.0.1:{}", turn.port);
    let configuration = format!(
        "[[webrtc.client_ice_servers]]\nurls = [\"{url}\", \"{url}?transport=tcp\"]\nsecret = \"{SECRET}\"\nttl_s = 600"
    );
    let server = start(&folder, &configuration, &[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };

    connect(&browser, &server, "invert", json!({ "iceTransportPolicy": "relay" })).await;
    let stats = wait_for_video(&browser).await;
    assert_eq!(stats["network"]["path"], "TURN over UDP", "{stats}");
    browser.run("return client.stop()", &[]).await;

    // Where not even UDP gets to it, over TCP.
    let mut servers = server.get("/ice").await.json()["iceServers"].clone();
    servers[0]["urls"].as_array_mut().unwrap().retain(|url| url.as_str().unwrap().ends_with("tcp"));
    connect(&browser, &server, "plasma", json!({ "iceTransportPolicy": "relay", "iceServers": servers })).await;
    let stats = wait_for_video(&browser).await;
    assert_eq!(stats["network"]["path"], "TURN over TCP", "{stats}");
    browser.run("return client.stop()", &[]).await;

    // And a person is told when there is no way at all.
    servers[0]["credential"] = json!("wrong");
    connect(&browser, &server, "plasma", json!({ "iceTransportPolicy": "relay", "iceServers": servers })).await;
    let said = framebox_test_support::wait::wait_until("the client gives up", async || {
        match browser.run("return seen.error", &[]).await {
            Value::String(said) => Ok(said),
            other => Err(other.to_string()),
        }
    })
    .await;
    assert!(said.starts_with("connect-failed: Only TURN servers may be used"), "{said}");
    browser.close().await;
}

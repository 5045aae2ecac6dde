//! Camera in, values out: no video comes back.

use serde_json::json;

use crate::browser::actions::{session, start};
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;

/// Directions of the transceivers, received video streams, whether the output is displayed, width of the input.
const MEDIA: &str = "
    const [done] = Array.from(arguments).slice(-1);
    const { peer } = window.frameboxClient;
    const directions = peer.getTransceivers().map(({ currentDirection }) => currentDirection);
    peer.getStats().then((report) => done([
        directions,
        [...report.values()].filter(({ type }) => type === 'inbound-rtp').length,
        document.querySelector('video#output').checkVisibility(),
        document.querySelector('video#input').videoWidth,
    ]));";

#[tokio::test]
async fn an_observer_sends_values_and_no_video() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "watch").await;
    let number = |text: &str| text.parse::<f64>().is_ok();
    browser.wait_for_text("[data-output=brightness] output", "shows a number", number).await;
    wait_until("the plot has a value", async || {
        let text = browser.text("[data-output=change] .legend b").await;
        if number(&text) { Ok(()) } else { Err(text) }
    })
    .await;
    let media = browser.client.execute_async(MEDIA, vec![]).await.unwrap();
    assert_eq!(media, json!([["sendonly"], 0, false, 640]));
    let session = session(&server).await;
    assert_eq!(session["frames"]["sent"], 0, "{session}");
    assert!(session["frames"]["processed"].as_u64() > Some(0), "{session}");
    browser.screenshot("page-observes").await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    server.assert_quiet();
    browser.close().await;
}

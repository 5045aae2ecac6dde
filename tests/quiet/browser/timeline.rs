//! The timeline of frames and the policies for skipping, with a handler that is slower than its camera.

use crate::browser::actions::{session, start};
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::examples;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;

#[tokio::test]
async fn the_timeline_shows_why_frames_are_skipped_and_the_policy_is_changed_live() {
    let _alone = alone().await;
    let Some(slow_flip) = examples::argument("slow-flip") else { return };
    let server = Server::start(&["--handler", &slow_flip]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "slow-flip").await;
    let skips = |text: &str| text.contains("processed") && text.contains("skipped: busy");
    browser.wait_for_text(".frames-summary", "counts skipped frames", skips).await;
    let names_budget = |text: &str| text.starts_with("Time budget of a call: ");
    browser.wait_for_text(".legend [data-mark=budget]", "names the budget", names_budget).await;

    // By keyboard: from the newest frame back to one without a result.
    let canvas = browser.see("#frames canvas").await;
    wait_until("a skipped frame is described", async || {
        canvas.send_keys("\u{E010}\u{E00E}").await.map_err(|error| error.to_string())?;
        let text = browser.text(".frames-description").await;
        let spoken = "return document.querySelector('#frames canvas').ariaValueText";
        let spoken = browser.run(spoken, &[]).await;
        if text.starts_with("Frame ") && text.contains("skipped (busy)") && spoken == text { Ok(()) } else { Err(text) }
    })
    .await;
    let painted = "const canvas = document.querySelector('#frames canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size";
    let colours = browser.run(painted, &[]).await.as_u64();
    assert!(colours >= Some(4), "{colours:?} colours");
    browser.screenshot("page-frames").await;

    assert_eq!(session(&server).await["policy"], "latest");
    let script = "const select = document.querySelector(arguments[0]);
        select.value = arguments[1]; select.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.run(script, &["#policy-policy".into(), "adaptive".into()]).await;
    browser.run(script, &["#policy-unprocessed".into(), "passthrough".into()]).await;
    wait_until("both policies hold", async || {
        let session = session(&server).await;
        let holds = session["policy"] == "adaptive" && session["unprocessed"] == "passthrough";
        if holds { Ok(()) } else { Err(session.to_string()) }
    })
    .await;

    // A later session starts with what was chosen.
    let first = server.sessions().await;
    browser.press("#stop").await;
    server.wait_for_end(&first[0]).await;
    browser.press("#start").await;
    wait_until("the next session has them as well", async || {
        let sessions = server.sessions().await;
        let Some(id) = sessions.first() else { return Err("no session".to_owned()) };
        let session = server.session(id).await.ok_or("gone")?;
        if session["policy"] == "adaptive" { Ok(()) } else { Err(session.to_string()) }
    })
    .await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.close().await;
}

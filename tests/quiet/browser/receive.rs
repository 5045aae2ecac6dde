//! Video out, without a camera: the browser is never asked for one.

use std::path::Path;

use serde_json::Value;

use crate::browser::actions::{fill, frames, play, session, set, wait_for_playing};
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, NO_CAMERA};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;

/// Counts how often the page asks for a camera.
const COUNT_CAMERAS: &str = "
    window.cameras = 0;
    const devices = navigator.mediaDevices;
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = (...wanted) => { window.cameras += 1; return ask(...wanted); };";

/// A hash of the video's picture.
const PICTURE: &str = "
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [32, 18];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(document.querySelector('video#output'), 0, 0, 32, 18);
    return context.getImageData(0, 0, 32, 18).data.reduce((sum, value, index) => (sum * 31 + value + index) % 1e9, 7);";

#[tokio::test]
async fn a_generator_plays_at_the_chosen_rate_and_asks_for_no_camera() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(NO_CAMERA).await else { return };
    browser.before_pages(COUNT_CAMERAS).await;
    browser.open(&server.page).await;
    browser.press("[data-handler=plasma]").await;
    assert_eq!(browser.text("#start").await, "Play");
    for hidden in ["#camera", "#resolution", "video#input"] {
        let shown = "return document.querySelector(arguments[0]).checkVisibility()";
        assert_eq!(browser.run(shown, &[hidden.into()]).await, false, "{hidden}");
    }
    let rate = browser.run("return document.querySelector('#fps').value", &[]).await;
    let described = server.get("/handlers/plasma").await.json()["fps"].as_f64();
    assert_eq!(rate.as_str().unwrap().parse().ok(), described, "the handler's own rate comes first");

    set_small(&browser).await;
    fill(&browser, "#fps", "12").await;
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    assert_eq!(session(&server).await["fps"].as_f64(), Some(12.0));
    let before = (frames(&browser, "video#output").await, browser.run(PICTURE, &[]).await);
    wait_until("the picture changes", async || {
        let after = (frames(&browser, "video#output").await, browser.run(PICTURE, &[]).await);
        if after.0 > before.0 && after.1 != before.1 { Ok(()) } else { Err(format!("{before:?}, {after:?}")) }
    })
    .await;
    assert_eq!(browser.run("return window.cameras", &[]).await, 0);
    browser.screenshot("page-plays").await;

    // Another rate needs another session, which the page starts by itself.
    let first = server.sessions().await;
    fill(&browser, "#fps", "500").await;
    browser.run("document.querySelector('#fps').blur()", &[]).await;
    wait_until("a session at the highest rate", async || {
        let sessions = server.sessions().await;
        let [only] = &sessions[..] else { return Err(format!("{sessions:?}")) };
        let fps = server.session(only).await.and_then(|session| session["fps"].as_f64());
        if fps == Some(120.0) && sessions != first { Ok(()) } else { Err(format!("{fps:?}")) }
    })
    .await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn the_end_of_a_video_is_shown_and_it_plays_again() {
    let _alone = alone().await;
    let scratch = Scratch::new();
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/media/clips/clip.mp4");
    let config = format!("[sources.short]\nfile = {:?}\nhandlers = [\"play\"]\n", clip.display().to_string());
    let config = scratch.write("framebox.toml", config);
    let server = Server::start(&["--config", &config.display().to_string()]).await;
    let Some(browser) = Browser::start(NO_CAMERA).await else { return };
    browser.before_pages(COUNT_CAMERAS).await;
    play(&browser, &server, "play").await;
    wait_for_playing(&browser).await;
    browser.press("[data-parameter=loop] input").await;
    set(&browser, "speed", 4).await;
    set(&browser, "source", "short").await;
    let ended = |text: &str| text.contains("The stream has ended");
    browser.wait_for_text("#message", "says that the stream has ended", ended).await;
    browser.see("#start").await;
    browser.screenshot("page-ended").await;
    let sessions = server.sessions().await;

    // In a loop this time, so that the video does not end meanwhile.
    browser.press("[data-parameter=loop] input").await;
    browser.press(".message-action").await;
    wait_for_playing(&browser).await;
    assert_ne!(server.sessions().await, sessions);
    assert_eq!(browser.run("return window.cameras", &[]).await, 0);
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.close().await;
}

/// Chooses a size that a small machine makes and encodes at any rate.
async fn set_small(browser: &Browser) {
    let script = "const choice = document.querySelector('[data-parameter=size]');
        const option = choice.querySelector('[value=\"320x180\"]');
        if (option.matches('option')) {
            option.parentElement.value = option.value;
            option.parentElement.dispatchEvent(new Event('change', { bubbles: true }));
        } else option.click();
        return option.value;";
    assert_eq!(browser.run(script, &[]).await, Value::from("320x180"));
}

//! Camera in, video out, judged by the pixels on the screen.

use serde_json::json;

use crate::browser::actions::{frames, set, start, wait_for_playing};
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA, NO_CAMERA};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, sum};
use framebox_test_support::wait::wait_until;

/// Average colours of a grid of cells over both videos: `[[input, output], …]`, three channels for each cell.
const COLOURS: &str = "
    const [columns, rows, cell] = [8, 6, 16];
    const colours = (id) => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [columns * cell, rows * cell];
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(document.querySelector(id), 0, 0, canvas.width, canvas.height);
        const cells = [];
        for (let y = 0; y < rows; y += 1) for (let x = 0; x < columns; x += 1) {
            const { data } = context.getImageData(x * cell, y * cell, cell, cell);
            const sums = [0, 0, 0];
            data.forEach((value, index) => { if (index % 4 < 3) sums[index % 4] += value; });
            cells.push(...sums.map((sum) => sum / cell / cell));
        }
        return cells;
    };
    const [input, output] = [colours('video#input'), colours('video#output')];
    return input.map((value, index) => [value, output[index]]);";

/// Distances of the output from the input and from its negative: medians over the cells, since the camera's picture
/// changes while a frame is processed.
pub async fn distances(browser: &Browser) -> (f64, f64) {
    let colours = browser.run(COLOURS, &[]).await;
    let pairs: Vec<[f64; 2]> = serde_json::from_value(colours).unwrap();
    let median = |distance: fn(f64, f64) -> f64| {
        let mut all: Vec<_> = pairs.iter().map(|[input, output]| distance(*input, *output)).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    (median(|input, output| (output - input).abs()), median(|input, output| (output - (255.0 - input)).abs()))
}

/// Waits until the output is the negative of the input.
pub async fn wait_for_inverted(browser: &Browser) {
    wait_until("the output is the negative of the input", async || {
        let (same, negative) = distances(browser).await;
        if negative < 24.0 && same > 40.0 { Ok(()) } else { Err(format!("distances {same} and {negative}")) }
    })
    .await;
}

#[tokio::test]
async fn a_person_sees_the_negative_of_the_camera_and_controls_it() {
    let _alone = alone().await;
    let server = Server::start(&["--sessions", "2"]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "invert").await;
    wait_for_playing(&browser).await;
    wait_for_inverted(&browser).await;

    let before = frames(&browser, "video#output").await;
    wait_until("the output goes on", async || {
        let after = frames(&browser, "video#output").await;
        if after - before >= 60.0 { Ok(()) } else { Err(format!("{} frames", after - before)) }
    })
    .await;
    let shown = browser
        .wait_for_text("[data-stat=fps]", "shows the rate", |text| text.parse::<f64>().is_ok_and(|fps| fps > 0.0))
        .await;
    let state = browser.text("[data-stat=state]").await;
    assert!(!state.is_empty() && state != "Ready", "{state}");
    eprintln!("the page shows {shown} frames a second, and {state}");
    browser.screenshot("page-live").await;

    set(&browser, "strength", 0).await;
    wait_until("the output is the input", async || {
        let (same, negative) = distances(&browser).await;
        if same < 24.0 && negative > 40.0 { Ok(()) } else { Err(format!("distances {same} and {negative}")) }
    })
    .await;
    let sessions = server.sessions().await;
    assert_eq!(sessions.len(), 1);
    let session = server.session(&sessions[0]).await.unwrap();
    assert_eq!((&session["state"], &session["handler"]), (&json!("live"), &json!("invert")));
    assert_eq!(session["parameters"]["strength"].as_f64(), Some(0.0), "{session}");

    browser.press("#stop").await;
    server.wait_for_end(&sessions[0]).await;
    assert_eq!(server.get("/healthz").await.json()["sessions"], 0);
    browser.see("#start").await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());

    // The same page, once more.
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    server.assert_quiet();
    browser.close().await;
}

#[tokio::test]
async fn additional_outputs_are_shown_as_numbers() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "motion").await;
    wait_for_playing(&browser).await;
    let number = |text: &str| text.parse::<f64>().is_ok();
    browser.wait_for_text("[data-output=\"area\"] output", "shows a number", number).await;
    browser.screenshot("page-motion").await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    server.assert_quiet();
    browser.close().await;
}

#[tokio::test]
async fn a_refused_camera_is_explained_and_takes_no_session() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(NO_CAMERA).await else { return };
    start(&browser, &server, "invert").await;
    let says = |text: &str| text.to_lowercase().contains("camera");
    let text = browser.wait_for_text("#message", "explains the failure", says).await;
    assert!(text.contains("refused"), "{text}");
    assert_eq!(server.sessions().await, Vec::<String>::new());
    // Once it is allowed, the person can try again.
    browser.see("#start").await;
    browser.screenshot("page-refused").await;
    browser.close().await;
}

#[tokio::test]
async fn a_server_that_stops_is_explained() {
    let _alone = alone().await;
    let mut server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "invert").await;
    wait_for_playing(&browser).await;
    assert_eq!(browser.text("#message").await, "");
    server.child.kill();
    wait_until("the page says that the server is gone", async || {
        let text = browser.text("#message").await;
        if text.contains("connection") { Ok(()) } else { Err(format!("{text:?}")) }
    })
    .await;
    browser.screenshot("page-vanished").await;
    browser.close().await;
}

#[tokio::test]
async fn a_crash_of_the_handler_is_shown_and_the_page_goes_on() {
    let _alone = alone().await;
    let scratch = Scratch::new();
    let file = scratch.write("trap.wasm", framebox_test_components::case("trap"));
    let server = Server::start(&["--handler", &format!("trap={}", file.display())]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    start(&browser, &server, "trap").await;
    browser.wait_for_text("#message", "shows the trap", |text| text.contains("trap")).await;
    let sessions = server.sessions().await;
    assert_eq!(sessions.len(), 1);
    let session = server.session(&sessions[0]).await.unwrap();
    assert!(sum(&json!({ "trap": session["frames"]["failed"]["trap"] })) > 0, "{session}");
    browser.screenshot("page-crashed").await;
    browser.press("#stop").await;
    server.wait_for_end(&sessions[0]).await;

    browser.press("[data-handler=\"invert\"]").await;
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    wait_for_inverted(&browser).await;
    browser.close().await;
}

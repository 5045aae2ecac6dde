//! The choice of the input: a file of the person's, the screen, and what is remembered of it.

use std::path::Path;

use crate::browser::actions::{frames, start, wait_for_playing};
use crate::browser::transform::wait_for_inverted;
use framebox_test_support::alone;
use framebox_test_support::browser::{Browser, CAMERA, NO_CAMERA};
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;

/// Where the browser says whether a radio button is chosen.
const CHOSEN: &str = "return document.querySelector('[name=input]:checked').value";

#[tokio::test]
async fn a_file_is_played_in_place_of_the_camera_and_replaced_by_it() {
    let _alone = alone().await;
    let scratch = Scratch::new();
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    browser.open(&server.page).await;
    browser.press("[data-handler=invert]").await;
    browser.press("[name=input][value=file]").await;
    browser.press("#start").await;
    browser.wait_for_text("#message", "asks for a file", |text| text.contains("No file is chosen")).await;
    browser.choose_file("#file", &scratch.write("letter.mp4", "Dear Sir or Madam")).await;
    browser.press(".message-action").await;
    browser.wait_for_text("#message", "explains", |text| text.contains("cannot play this file")).await;
    assert_eq!(server.sessions().await, Vec::<String>::new());

    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtime/media/clips/clip.mp4");
    browser.choose_file("#file", &clip).await;
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    wait_for_inverted(&browser).await;
    assert_eq!(browser.text("#input-caption").await, "File");
    // In a loop, longer than the clip of two seconds.
    let before = frames(&browser, "video#input").await;
    wait_until("it is played again", async || {
        let after = frames(&browser, "video#input").await;
        if after > before + 90.0 { Ok(()) } else { Err(format!("{before}, {after}")) }
    })
    .await;
    browser.screenshot("page-file").await;

    // The camera takes over within the same session.
    let sessions = server.sessions().await;
    browser.press("[name=input][value=camera]").await;
    browser.wait_for_text("#start-label", "offers to switch", |text| text == "Switch").await;
    browser.press("#start").await;
    browser.wait_for_text("#input-caption", "is the camera", |text| text == "Camera").await;
    wait_for_inverted(&browser).await;
    assert_eq!(server.sessions().await, sessions);
    browser.press("#stop").await;

    // The choice is remembered; of the file, its name.
    browser.press("[name=input][value=file]").await;
    browser.open(&server.page).await;
    browser.client.refresh().await.unwrap();
    browser.wait_for_text("#file-name", "names the file", |text| text == "clip.mp4: choose it again").await;
    assert_eq!(browser.run(CHOSEN, &[]).await, "file");
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.close().await;
}

/// The clip that comes with the program, turned by a quarter as phones do it: by the matrix of its track header.
fn turned_clip() -> Vec<u8> {
    let mut clip = include_bytes!("../../../runtime/media/clips/clip.mp4").to_vec();
    let header = clip.windows(4).position(|bytes| bytes == b"tkhd").unwrap();
    assert_eq!(clip[header + 4], 1, "a header of version 1");
    let matrix: [u32; 9] = [0, 1 << 16, 0, (-1_i32 << 16).cast_unsigned(), 0, 0, 360 << 16, 0, 1 << 30];
    let matrix: Vec<u8> = matrix.into_iter().flat_map(u32::to_be_bytes).collect();
    // ISO/IEC 14496-12 section 8.3.2: it comes after 52 bytes of other fields.
    clip[header + 56..header + 92].copy_from_slice(&matrix);
    clip
}

#[tokio::test]
async fn a_turned_file_is_sent_upright_and_a_large_one_smaller() {
    let _alone = alone().await;
    let scratch = Scratch::new();
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    browser.open(&server.page).await;
    browser.press("[data-handler=invert]").await;
    browser.press("[name=input][value=file]").await;
    browser.choose_file("#file", &scratch.write("turned.mp4", turned_clip())).await;
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    wait_for_inverted(&browser).await;
    browser.wait_for_text("[data-size=output]", "is upright", |text| text == "360 × 640").await;

    let script = "const select = document.querySelector('#resolution');
        select.append(new Option('small', '320x180'));
        select.value = '320x180'; select.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.run(script, &[]).await;
    browser.wait_for_text("[data-size=output]", "is small", |text| text == "180 × 320").await;
    wait_for_inverted(&browser).await;
    browser.close().await;
}

#[tokio::test]
async fn a_refused_screen_is_explained_and_what_runs_goes_on() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    let refuse = "navigator.mediaDevices.getDisplayMedia = async () => {
        throw new DOMException('Permission denied', 'NotAllowedError'); };";
    browser.before_pages(refuse).await;
    start(&browser, &server, "invert").await;
    wait_for_playing(&browser).await;
    let sessions = server.sessions().await;
    browser.press("[name=input][value=screen]").await;
    browser.press("#start").await;
    browser.wait_for_text("#message", "explains", |text| text.contains("The screen was not shared")).await;
    assert_eq!(browser.run(CHOSEN, &[]).await, "camera");
    wait_for_inverted(&browser).await;
    assert_eq!(server.sessions().await, sessions);

    // Where nothing runs, the person may choose again.
    browser.press("#stop").await;
    server.wait_for_end(&sessions[0]).await;
    browser.press("[name=input][value=screen]").await;
    browser.press("#start").await;
    browser.wait_for_text("#message", "explains", |text| text.contains("The screen was not shared")).await;
    browser.see("#start").await;
    assert_eq!(server.sessions().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn a_screen_that_is_no_longer_shared_ends_the_session_with_a_way_back() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let Some(browser) = Browser::start(NO_CAMERA).await else { return };
    // A canvas in place of the screen: a browser without a head has none.
    let share = "navigator.mediaDevices.getDisplayMedia = async () => {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [320, 180];
        const context = canvas.getContext('2d');
        setInterval(() => {
            context.fillStyle = '#40a020'; context.fillRect(0, 0, 320, 180);
            context.fillStyle = '#fff'; context.fillRect(Math.random() * 300, 80, 20, 20);
        }, 50);
        const stream = canvas.captureStream(20);
        window.unshare = () => { const [track] = stream.getTracks(); track.stop(); track.dispatchEvent(new Event('ended')); };
        return stream; };";
    browser.before_pages(share).await;
    browser.open(&server.page).await;
    browser.press("[data-handler=invert]").await;
    browser.press("[name=input][value=screen]").await;
    browser.press("#start").await;
    wait_for_playing(&browser).await;
    wait_for_inverted(&browser).await;
    let sessions = server.sessions().await;
    browser.run("window.unshare()", &[]).await;
    browser.wait_for_text("#message", "explains", |text| text.contains("no longer shared")).await;
    server.wait_for_end(&sessions[0]).await;
    browser.press(".message-action").await;
    wait_for_playing(&browser).await;
    assert_ne!(server.sessions().await, sessions);
    browser.close().await;
}

//! Browsers without H.264: a fresh Firefox, and Chromium built without proprietary codecs.

use std::net::UdpSocket;
use std::time::Duration;

use framebox_media::Codec;
use framebox_test_support::browser::{Browser, CAMERA};
use framebox_test_support::firefox::Firefox;
use framebox_test_support::server::Server;
use framebox_test_support::wait::{seconds, wait_until};
use framebox_test_support::{alone, lacking};
use serde_json::json;

use crate::browser::actions::{frames, session, start, wait_for_playing};
use crate::browser::transform::wait_for_inverted;

/// Leaves H.264 out of every offer.
const WITHOUT_H264: &str = "
    const all = RTCRtpTransceiver.prototype.setCodecPreferences;
    RTCRtpTransceiver.prototype.setCodecPreferences = function (codecs) {
        all.call(this, codecs.filter(({ mimeType }) => mimeType !== 'video/H264'));
    };";
/// Pictures that come back at least.
const PICTURES: u64 = 60;
/// As [`PICTURES`], in Firefox, which paints in software.
const FIREFOX_PICTURES: u64 = 10;
/// Longest time for everything that is done with Firefox.
const FIREFOX: Duration = seconds(120);

/// Returns whether the program has VP8, after reporting where it has not.
fn has_vp8() -> bool {
    let missing = Codec::Vp8.missing();
    missing.inspect(|missing| lacking(&format!("the program {missing}"))).is_none()
}

#[tokio::test]
async fn chromium_without_h264_is_served_in_vp8() {
    if !has_vp8() {
        return;
    }
    let _alone = alone().await;
    let server = Server::start(&["--isolation", "process"]).await;
    let Some(browser) = Browser::start(CAMERA).await else { return };
    browser.before_pages(WITHOUT_H264).await;
    start(&browser, &server, "invert").await;
    wait_for_playing(&browser).await;
    wait_for_inverted(&browser).await;
    assert_eq!(session(&server).await["codec"], "VP8");
    let before = frames(&browser, "video#output").await;
    wait_until("the output goes on", async || {
        let after = frames(&browser, "video#output").await - before;
        if after >= PICTURES as f64 { Ok(()) } else { Err(format!("{after} frames")) }
    })
    .await;
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    server.assert_quiet();
    browser.close().await;
}

#[tokio::test]
async fn a_fresh_firefox_is_served_in_vp8() {
    if !has_vp8() {
        return;
    }
    // Firefox gathers no loopback candidates, and pairs none of its others with one.
    if !reaches_itself() {
        return lacking("no network beside loopback, which Firefox needs for media");
    }
    let _alone = alone().await;
    tokio::time::timeout(FIREFOX, serve_firefox()).await.expect("Firefox is served in time");
}

/// Returns whether the machine has an address other than loopback that Firefox takes for its default. Nothing is sent.
fn reaches_itself() -> bool {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").is_ok() && socket.local_addr().is_ok_and(|address| !address.ip().is_loopback())
}

/// Starts Firefox, plays until pictures come back, and stops. The browser ends with this future.
async fn serve_firefox() {
    // As by default, media has all addresses of the machine.
    let server = Server::start(&["--media-address", "0.0.0.0"]).await;
    let Some(firefox) = Firefox::start().await else { return };
    firefox.open(&server.page).await;
    firefox.press("[data-handler=\"invert\"]").await;
    // Firefox counts no frames of streams in `getVideoPlaybackQuality`.
    let script = "const select = document.querySelector('#resolution');
        select.value = '640x480'; select.dispatchEvent(new Event('change', { bubbles: true }));
        const video = document.querySelector('video#output');
        video.dataset.pictures = 0;
        const count = () => { video.dataset.pictures++; video.requestVideoFrameCallback(count); };
        video.requestVideoFrameCallback(count);";
    firefox.run(script, &[]).await;
    firefox.press("#start").await;
    wait_until("pictures come back", async || {
        let script = "const video = document.querySelector('video#output');
            return [Number(video.dataset.pictures), video.paused, video.videoWidth, video.videoHeight,
                document.querySelector('#message').textContent];";
        let seen = firefox.run(script, &[]).await;
        let playing = seen[0].as_u64() >= Some(FIREFOX_PICTURES) && seen[1] == false;
        if playing && seen[2].as_u64() > Some(0) && seen[3].as_u64() > Some(0) { Ok(()) } else { Err(seen.to_string()) }
    })
    .await;
    let session = session(&server).await;
    assert_eq!((&session["state"], &session["codec"]), (&json!("live"), &json!("VP8")), "{session}");
    assert!(session["frames"]["processed"].as_u64() >= Some(FIREFOX_PICTURES), "{session}");
    firefox.press("#stop").await;
    server.wait_for_end(session["id"].as_str().unwrap()).await;
    firefox.close().await;
}

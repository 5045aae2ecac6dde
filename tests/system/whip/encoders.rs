//! FFmpeg's muxer for WHIP, and GStreamer's `webrtcbin` with an HTTP part of its own.

use std::process::Command;

use framebox_test_support::child::Child;
use framebox_test_support::python;
use framebox_test_support::server::Server;
use framebox_test_support::wait::wait_until;
use serde_json::Value;

use super::{Connected, make_pictures, make_stream};

/// Waits until so many frames of the stream were processed; returns the stream.
async fn processed(server: &Server, stream: &str, wanted: u64) -> Value {
    wait_until("its frames are processed", async || {
        let report = server.get(&format!("/streams/{stream}")).await.json();
        match report["session"]["frames"]["processed"].as_u64() {
            Some(count) if count >= wanted => Ok(report),
            _ => Err(report.to_string()),
        }
    })
    .await
}

#[tokio::test]
async fn ffmpeg_publishes_with_sound_that_nobody_hears() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&[]).await;
    for (stream, flags) in [("waits", &[][..]), ("begins", &["-whip_flags", "dtls_active"])] {
        make_stream(&server, stream).await;
        let mut command = Command::new(python::ffmpeg(&python));
        command.args(["-nostdin", "-loglevel", "verbose", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30"]);
        command.args(["-f", "lavfi", "-i", "sine", "-t", "60", "-c:v", "libx264", "-profile:v", "baseline"]);
        command.args(["-preset", "ultrafast", "-tune", "zerolatency", "-g", "30", "-pix_fmt", "yuv420p"]);
        command.args(["-c:a", "libopus", "-ar", "48000", "-ac", "2", "-f", "whip"]).args(flags);
        command.args(["-authorization", server.secret.as_deref().unwrap_or_default()]);
        command.arg(format!("{}/whip/{stream}", server.base));
        let mut ffmpeg = Child::start("ffmpeg", &mut command);
        let report = processed(&server, stream, 20).await;
        assert_eq!(report["session"]["frames"]["failed"], serde_json::json!({}), "{report}");
        let mut viewer = Connected::watch(&server, &format!("/whep/{stream}")).await;
        viewer.frames(10).await;
        // It ends what it began.
        ffmpeg.terminate();
        ffmpeg.ended().await;
        wait_until("the publisher is gone", async || {
            let report = server.get(&format!("/streams/{stream}")).await.json();
            if report["state"] != "live" { Ok(()) } else { Err(report.to_string()) }
        })
        .await;
    }
    server.assert_quiet();
}

#[tokio::test]
async fn gstreamer_publishes_and_watches() {
    let Some(python) = python::gstreamer() else { return };
    // libnice does not go by the loopback interface.
    let server = Server::start(&["--media-address", "0.0.0.0"]).await;
    make_stream(&server, "door").await;
    let address = |path: &str| format!("{}{path}", server.base);
    let start = |way: &str, path: &str, count: &str| {
        let mut command = Command::new(&python);
        let script = framebox_test_support::paths::root().join("tests/clients/gstreamer.py");
        command.arg(script).args([way, &address(path), count]).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("FRAMEBOX_TOKEN", server.secret.as_deref().unwrap_or_default());
        Child::start("gstreamer", &mut command)
    };
    let mut publisher = start("publish", "/whip/door", "10");
    processed(&server, "door", 20).await;
    let mut viewer = start("watch", "/whep/door", "60");
    assert!(viewer.ended().await.success(), "{:#?}", viewer.err());
    publisher.close_input();
    assert!(publisher.ended().await.success(), "{:#?}", publisher.err());
    make_pictures(&server, "lava").await;
    let mut viewer = start("watch", "/whep/lava", "60");
    assert!(viewer.ended().await.success(), "{:#?}", viewer.err());
    server.assert_quiet();
}

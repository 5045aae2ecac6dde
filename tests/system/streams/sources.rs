//! Streams of sources: with ffmpeg, and without it.

use framebox_test_support::lacking;
use framebox_test_support::paths;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;

use super::{Viewer, wait_for};

fn has_ffmpeg() -> bool {
    let found = std::process::Command::new("ffmpeg").arg("-version").output().is_ok();
    if !found {
        lacking("ffmpeg");
    }
    found
}

#[tokio::test]
async fn a_source_is_read_for_those_who_watch() {
    if !has_ffmpeg() {
        return;
    }
    let data = Scratch::new();
    let config = "[streams.test]\ninput = \"lavfi:testsrc2=size=320x240:rate=30\"\nhandler = \"invert\"\nidle_s = 1\n\
                  [streams.lost]\ninput = \"file:lost.mkv\"\nstart = \"server\"\n";
    let file = data.write("framebox.toml", config);
    for isolation in ["thread", "process"] {
        let server = Server::start(&["--config", file.to_str().unwrap(), "--isolation", isolation]).await;
        let mut viewer = Viewer::start(&server, "test", "viewer").await;
        viewer.frames(10).await;
        wait_for(&server, "test", "it is live", |stream| stream["state"] == "live").await;
        let lost = wait_for(&server, "lost", "it is told what is wrong", |stream| stream["message"].is_string()).await;
        assert!(lost["message"].as_str().unwrap().contains("not found"), "{lost}");
        viewer.client.close().await;
        wait_for(&server, "test", "nobody watches", |stream| stream["state"] == "idle").await;
    }
}

#[tokio::test]
async fn without_ffmpeg_files_are_read_and_others_are_told_what_to_install() {
    let data = Scratch::new();
    let clip = paths::root().join("runtime/media/clips/clip.mp4");
    let config = format!(
        "[ffmpeg]\npath = \"/nowhere/ffmpeg\"\n\
         [streams.clip]\ninput = \"file:{}\"\nloop = true\nhandler = \"flip\"\n\
         [streams.camera]\ninput = \"rtsp://user:secret@camera.example/1\"\nstart = \"server\"\nhandler = \"flip\"\n",
        clip.display()
    );
    let file = data.write("framebox.toml", config);
    let server = Server::start(&["--config", file.to_str().unwrap()]).await;
    let mut viewer = Viewer::start(&server, "clip", "viewer").await;
    viewer.frames(10).await;
    let camera =
        wait_for(&server, "camera", "it is told what is missing", |stream| stream["message"].is_string()).await;
    let message = camera["message"].as_str().unwrap();
    assert!(message.contains("apt install ffmpeg") && !message.contains("secret"), "{message}");
}

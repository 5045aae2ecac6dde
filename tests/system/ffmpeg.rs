//! Files that only ffmpeg reads: for handlers, and for `framebox run`. Without ffmpeg these tests say so and are skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use framebox_test_peer::{Client, Direction, Event, Options};
use framebox_test_support::paths;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::wait::wait_until;
use serde_json::json;

/// A second of HEVC with 10 bits, 25 pictures whose left half is dark and whose right half is light. None without ffmpeg.
fn hevc(scratch: &Scratch) -> Option<PathBuf> {
    let file = scratch.path().join("hevc.mp4");
    let halves = "color=gray:size=96x64:rate=25:duration=1,format=yuv420p,geq=lum='if(lt(X,48),40,200)':cb=128:cr=128";
    let arguments = ["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", halves];
    let coding = ["-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", "log-level=none"];
    match Command::new("ffmpeg").args(arguments).args(coding).arg(&file).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            println!("skipped: there is no ffmpeg: {error}");
            return None;
        }
    }
    Some(file)
}

/// The processes of ffmpeg that `process` started.
fn children(process: u32) -> Vec<u32> {
    let of = |entry: fs::DirEntry| {
        let id: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = stat.rsplit_once(')')?;
        let parent: u32 = rest.split_whitespace().nth(1)?.parse().ok()?;
        // One that has ended and waits for its parent is gone.
        let is_running = !rest.trim_start().starts_with('Z');
        (parent == process && name.ends_with("(ffmpeg") && is_running).then_some(id)
    };
    fs::read_dir("/proc").unwrap().flatten().filter_map(of).collect()
}

fn config(scratch: &Scratch, file: &Path) -> String {
    let text = format!("[sources.clip]\nfile = {file:?}\nloop = true\nhandlers = [\"play\"]\n");
    scratch.write("framebox.toml", text).to_str().unwrap().to_owned()
}

/// A viewer of the handler that plays, once pictures came.
async fn viewer(server: &Server) -> Client {
    let (mut client, sdp) = Client::offer(Options { direction: Direction::Recvonly, ..Options::default() }).await;
    let body = json!({ "sdp": sdp, "type": "offer", "webrtc_id": "clip" });
    let answer = server.post("/webrtc/offer?handler=play", &body).await;
    client.accept(answer.json()["sdp"].as_str().unwrap()).await;
    for _ in 0..5 {
        client.wait(|event| matches!(event, Event::Frame(_))).await;
    }
    client
}

#[tokio::test]
async fn a_handler_plays_what_only_ffmpeg_reads_and_ffmpeg_is_confined() {
    let scratch = Scratch::new();
    let Some(file) = hevc(&scratch) else { return };
    for isolation in ["thread", "process"] {
        let server = Server::start(&["--config", &config(&scratch, &file), "--isolation", isolation]).await;
        let client = viewer(&server).await;
        let [ffmpeg] = children(server.child.id())[..] else { panic!("{isolation}: it is not decoded by ffmpeg") };
        let status = fs::read_to_string(format!("/proc/{ffmpeg}/status")).unwrap();
        for line in ["Seccomp:\t2", "NoNewPrivs:\t1", "CapEff:\t0000000000000000"] {
            assert!(status.contains(line), "{isolation}: {line}: {status}");
        }
        let environment = fs::read(format!("/proc/{ffmpeg}/environ")).unwrap_or_default();
        assert!(environment.is_empty(), "{}", String::from_utf8_lossy(&environment));
        let line = fs::read_to_string(format!("/proc/{ffmpeg}/cmdline")).unwrap();
        assert!(!line.contains("hevc"), "it does not know the file's name: {line}");
        client.close().await;
        wait_until("ffmpeg ends with its session", async || match children(server.child.id())[..] {
            [] => Ok(()),
            ref left => Err(format!("{left:?}")),
        })
        .await;
    }
}

#[tokio::test]
async fn ffmpeg_ends_with_the_server_also_when_that_is_killed() {
    let scratch = Scratch::new();
    let Some(file) = hevc(&scratch) else { return };
    let server = Server::start(&["--config", &config(&scratch, &file)]).await;
    let _client = viewer(&server).await;
    let [ffmpeg] = children(server.child.id())[..] else { panic!("it is not decoded by ffmpeg") };
    // Dropping it kills it.
    drop(server);
    wait_until("ffmpeg ends", async || {
        let name = fs::read_to_string(format!("/proc/{ffmpeg}/comm")).unwrap_or_default();
        if name.trim() == "ffmpeg" { Err(name) } else { Ok(()) }
    })
    .await;
}

#[test]
fn run_has_the_same_eyes() {
    let scratch = Scratch::new();
    let Some(file) = hevc(&scratch) else { return };
    let (invert, out) = (paths::prebuilt("invert"), scratch.path().join("out.y4m"));
    let arguments = ["run", invert.to_str().unwrap(), file.to_str().unwrap(), "-o", out.to_str().unwrap(), "-q"];
    let output = program(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut clip = framebox_media::clip::open(&out, &Default::default()).unwrap();
    assert_eq!(clip.info().fps, 25.0);
    let mut count = 0;
    while let Some(frame) = clip.next().unwrap() {
        let luma = frame.picture.planes().y;
        let at = |column: usize| luma.data[32 * luma.stride + column];
        assert!(at(20).abs_diff(211) < 6 && at(70).abs_diff(51) < 6, "{}, {}", at(20), at(70));
        count += 1;
    }
    assert_eq!(count, 25);
    // Without it, the error says what to do.
    let mut command = program(&arguments);
    let output = command.env("PATH", scratch.path()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("install ffmpeg"), "{error}");
}

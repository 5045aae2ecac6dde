//! A handler that puts as much as it may, with readers that read nothing: the server's memory stays within the session's
//! account.

use std::time::{Duration, Instant};

use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::Server;
use serde_json::json;

use super::usage::{Peak, Usage};
use super::visit::{Camera, connect};

/// What the server may hold for the session, MiB.
const SESSION_MEMORY: f64 = 64.0;
/// What else may come on top, MiB: the instance's memory, codecs, buffers of the network, what allocators keep.
const SLACK: f64 = 192.0;
/// Values of each output must have been put at least once: 64 of a megabyte each.
const FRAMES: u64 = 150;
/// As many readers as a session may have.
const READERS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_cost_the_server_no_more_than_the_sessions_account() {
    let _alone = framebox_test_support::alone().await;
    let scratch = Scratch::new();
    let names = ["json-trees", "escapes", "blobs", "series"];
    // On a slow machine a call takes long; what it costs in memory is the same.
    let mut config = format!("[limits]\ncall_ms = 10000\n[server]\nsession_memory_mib = {SESSION_MEMORY}\n");
    for name in names {
        let file = scratch.write(&format!("{name}.wasm"), framebox_test_components::case(name));
        config += &format!("[handlers.{name}]\ncomponent = {:?}\n", file.display().to_string());
    }
    let config = scratch.write("framebox.toml", config);
    let server = Server::start(&["--config", &config.display().to_string()]).await;
    let before = Usage::of(server.child.id()).resident_mib;
    for name in names {
        let mut client = connect(&server, name, name).await;
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(server.stream(&format!("/sessions/{name}/outputs")).await);
        }
        let peak = Peak::watch(server.child.id());
        let (mut camera, begin) = (Camera::default(), Instant::now());
        let session = loop {
            for _ in 0..10 {
                camera.send(&mut client).await;
            }
            while client.try_next().is_some() {}
            let session = server.session(name).await.unwrap();
            if session["frames"]["processed"].as_u64() >= Some(FRAMES) {
                break session;
            }
            assert!(begin.elapsed() < Duration::from_secs(300), "{name} should go on: {session}");
        };
        let peak = peak.end().await;
        eprintln!("{name}: {before:.0} MiB before, {peak:.0} MiB at most");
        assert!(peak <= before + SESSION_MEMORY + SLACK, "{name}: {peak:.0} MiB after {before:.0}");
        assert_eq!(session["frames"]["failed"], json!({}), "the handler is told, and goes on: {session}");
        // Who reads at last gets whole events.
        let mut reader = readers.pop().unwrap();
        let first = reader.chunk().await.unwrap().unwrap();
        assert!(first.starts_with(b"event: values\nid: "), "{first:?}");
        drop((reader, readers));
        assert_eq!(server.delete(&format!("/sessions/{name}")).await.status, 204);
        client.close().await;
    }
}

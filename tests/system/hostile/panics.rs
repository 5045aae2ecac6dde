//! A panic on any thread or task of a session: the session ends with a reason and frees all that it held; others go on.

use std::path::Path;

use framebox_test_support::client::Client;
use framebox_test_support::python;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program};
use framebox_test_support::wait::wait_until;

/// Failpoints, and whether the client is told of the reason: where its connection goes on, it is.
const FAULTS: [(&str, bool); 5] =
    [("decode", true), ("handler", true), ("encode", true), ("receive", false), ("send", false)];

/// Starts a client whose pictures come back.
async fn start(python: &Path, server: &Server, id: &str) -> Client {
    let mut client = Client::start(python, server, id, "invert");
    client.pictures(5).await;
    client
}

#[tokio::test]
async fn a_panic_ends_its_session_and_no_other_one() {
    let Some(python) = python::python() else { return };
    let faults = Scratch::new();
    let mut command = program::<&str>(&[]);
    command.env("FRAMEBOX_FAULTS", faults.path());
    let server = Server::start_as(command, &["--sessions", "2"]).await;
    let mut clients = vec![("a", start(&python, &server, "a").await), ("b", start(&python, &server, "b").await)];
    for (fault, told) in FAULTS {
        // It hits one of the two.
        faults.write(fault, "");
        let left = wait_until("one session ends", async || {
            let sessions = server.sessions().await;
            if let [left] = &sessions[..] { Ok(left.clone()) } else { Err(format!("{sessions:?}")) }
        })
        .await;
        let hit = usize::from(clients[0].0 == left);
        let (id, mut client) = clients.remove(hit);
        eprintln!("{fault}: {id} ended");
        if told {
            let end = client.receive_kind("end_stream").await;
            assert!(end["data"].as_str().is_some_and(|reason| reason.contains("internal error")), "{fault}: {end}");
        }
        client.child.kill();
        // The other one goes on.
        let before = clients[0].1.count();
        clients[0].1.pictures(before + 10).await;
        // Its slot and its id are free: all that it held was given back.
        wait_until("the slot is free", async || {
            let health = server.get("/healthz").await.json();
            if health["sessions"] == 1 { Ok(()) } else { Err(health.to_string()) }
        })
        .await;
        clients.push((id, start(&python, &server, id).await));
    }
}

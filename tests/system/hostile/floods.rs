//! Peers that are connected and then make the server's libraries hold as much as they can: what a library queues for a
//! connection counts against that connection.

use std::path::Path;

use framebox_test_support::child::Child;
use framebox_test_support::client::Client;
use framebox_test_support::python;
use framebox_test_support::server::Server;
use framebox_test_support::wait::{seconds, wait_until};
use serde_json::Value;

/// Memory that an attack of 48 MiB may add, MiB. What a library keeps costs a multiple of what was sent.
const MEMORY: u64 = 24;

/// Resident memory of the server, MiB.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Waits for an event of the attacker.
async fn event(attacker: &mut Child, name: &str) -> Value {
    let is = |line: &str| serde_json::from_str(line).ok().filter(|event: &Value| event["event"] == name);
    attacker.find(name, is).await
}

/// What an attack means for its session.
#[derive(Clone, Copy)]
enum Fate {
    /// It is over, though its client does not leave and may not have noticed.
    Ends,
    /// It goes on.
    GoesOn,
    /// Either, by what of the attack arrives.
    Any,
}

/// Runs one attack. Asserts that it costs little memory, and its fate.
async fn attack(python: &Path, server: &Server, name: &str, fate: Fate) {
    let mut attacker = python::start(python, "flood.py", &[&server.base, name, name]);
    event(&mut attacker, "ready").await;
    let before = resident(server);
    let mut most = before;
    let over = {
        let over = event(&mut attacker, "over");
        tokio::pin!(over);
        loop {
            tokio::select! {
                over = &mut over => break over,
                () = tokio::time::sleep(seconds(1) / 10) => most = most.max(resident(server)),
            }
        }
    };
    most = most.max(resident(server));
    eprintln!("{name}: {over}, {before} MiB before, at most {most} MiB");
    assert!(most <= before + MEMORY, "{name}: {most} MiB after {before} MiB, for {over}");
    match fate {
        Fate::Ends => server.wait_for_end(name).await,
        Fate::GoesOn => assert_eq!(over["ended"], false, "{name}: {over}"),
        Fate::Any => {}
    }
    attacker.close_input();
    attacker.ended().await;
    server.wait_for_end(name).await;
}

#[tokio::test]
async fn a_peer_that_floods_costs_little_memory_and_nobody_else() {
    let Some(python) = python::python() else { return };
    let server = Server::start(&["--sessions", "8"]).await;
    let mut neighbour = Client::start(&python, &server, "neighbour", "invert");
    neighbour.pictures(5).await;
    // The first session of a kind leaves behind what is needed once.
    let mut first = Client::start(&python, &server, "first", "invert");
    first.pictures(5).await;
    first.child.close_input();
    server.wait_for_end("first").await;
    for (name, fate) in [
        ("endless", Fate::Ends),
        ("crumbs", Fate::Ends),
        ("unordered", Fate::Ends),
        ("disorder", Fate::Ends),
        ("gaps", Fate::GoesOn),
        ("streams", Fate::Ends),
        ("channels", Fate::Ends),
        ("resets", Fate::Any),
        ("inits", Fate::GoesOn),
        ("jumps", Fate::GoesOn),
        ("handshakes", Fate::GoesOn),
        ("sources", Fate::GoesOn),
        ("checks", Fate::GoesOn),
    ] {
        let before = neighbour.count();
        attack(&python, &server, name, fate).await;
        wait_until("the neighbour is served", async || {
            let now = neighbour.count();
            if now > before + 5 { Ok(()) } else { Err(format!("{now} pictures after {before}")) }
        })
        .await;
    }
    assert_eq!(server.sessions().await, ["neighbour"]);
    assert_eq!(server.get("/healthz").await.json()["status"], "ok");
}

//! Every test component in live sessions of the real program: each has its expected outcome, is reported by its name,
//! disturbs no other session, and leaves nothing behind.
//!
//! | module | what it holds |
//! |---|---|
//! | [`visit`] | one case's session, from the offer to its end |
//! | [`neighbour`] | a well-behaved session beside them, and the arrival times of its pictures |
//! | [`values`] | handlers that put as much as they may, with readers that read nothing |
//! | [`usage`] | memory, threads and file descriptors of the server |

mod neighbour;
mod usage;
mod values;
mod visit;

use std::sync::Arc;
use std::time::Instant;

use framebox_test_components::Expected;
use framebox_test_support::child::Child;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::server::{Server, program, sum};
use framebox_test_support::wait::{seconds, wait_until};
use serde_json::json;
use tokio::task::JoinSet;

use neighbour::{Neighbour, median};
use usage::{Peak, Usage};

/// Cases at once in the first round, which only measures what they leave behind.
const CROWD: usize = 6;
/// Cases at once while the neighbour is measured: of two cores, one is left to the neighbour.
const LONE: usize = 1;
/// How often the neighbour is measured alone, between the cases: other load of the machine falls on both sides.
const CALMS: usize = 5;

/// Memory that a second round of all cases may add, MiB: allocators keep a varying part of a peak, while an instance that
/// was not freed would be more.
const MEMORY: f64 = 32.0;
/// What the server may hold for one session in these tests, MiB.
const SESSION_MEMORY: f64 = 64.0;
/// What one case may add to the server's memory while it runs, MiB: its session's account, the linear memories of its
/// instance and of the one before it, codecs and buffers of the network, and what allocators keep.
const CASE_MEMORY: f64 = SESSION_MEMORY + 2.0 * 128.0 + 128.0;
/// Threads and file descriptors that may be added: thread pools of the runtime grow and shrink.
const SLACK: usize = 3;

/// Returns the cases that reach a session, except for the generator, which has no camera.
fn in_sessions() -> Vec<(String, Expected)> {
    let mut cases = framebox_test_components::cases();
    cases.retain(|(name, expected)| expected.stage != "load" && name != "spin-next");
    cases
}

async fn start(cases: &[(String, Expected)], scratch: &Scratch) -> Server {
    let mut config = "[limits]\ncall_ms = 500\nsetup_ms = 500\n[server]\nsessions = 16\n".to_owned();
    config += &format!("session_memory_mib = {SESSION_MEMORY}\n");
    for (name, _) in cases {
        let file = scratch.write(&format!("{name}.wasm"), framebox_test_components::case(name));
        config += &format!("[handlers.{name}]\ncomponent = {:?}\n", file.display().to_string());
    }
    let config = scratch.write("framebox.toml", config);
    Server::start(&["--config", &config.display().to_string()]).await
}

/// Runs a session of each case, `at_once` of them at a time.
async fn visits(server: &Arc<Server>, cases: &[(String, Expected)], at_once: usize) {
    let mut visits = JoinSet::new();
    for (name, expected) in cases.iter().cloned() {
        while visits.len() >= at_once {
            visits.join_next().await.unwrap().unwrap();
        }
        visits.spawn(visit::visit(server.clone(), name, expected));
    }
    while let Some(visit) = visits.join_next().await {
        visit.unwrap();
    }
}

/// Waits until only the neighbour is left and the server uses no more than `before`; returns what it uses.
async fn settled(server: &Server, before: Option<Usage>) -> Usage {
    wait_until("only the neighbour's session is left", async || match server.sessions().await {
        ids if ids == ["neighbour"] => Ok(()),
        ids => Err(format!("{ids:?}")),
    })
    .await;
    let Some(before) = before else {
        tokio::time::sleep(seconds(2)).await;
        return Usage::of(server.child.id());
    };
    wait_until("what the cases used is given back", async || {
        let now = Usage::of(server.child.id());
        let back = now.resident_mib <= before.resident_mib + MEMORY
            && now.threads <= before.threads + SLACK
            && now.descriptors <= before.descriptors + SLACK;
        if back { Ok(now) } else { Err(format!("{now:?} after {before:?}")) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cases_have_the_expected_outcome_and_disturb_no_other_session() {
    let _alone = framebox_test_support::alone().await;
    let (cases, scratch) = (in_sessions(), Scratch::new());
    let server = Arc::new(start(&cases, &scratch).await);
    let neighbour = Neighbour::start(&server).await;
    let bare = settled(&server, None).await;

    visits(&server, &cases, CROWD).await;
    let first = settled(&server, None).await;

    let (mut calm, mut beside, mut most) = (Vec::new(), Vec::new(), 0.0_f64);
    let parts = cases.chunks(cases.len().div_ceil(CALMS - 1));
    for part in parts.map(Some).chain([None]) {
        let begin = Instant::now();
        tokio::time::sleep(neighbour::SLICE).await;
        calm.extend(neighbour.p99s(begin, Instant::now()));
        if let Some(part) = part {
            let begin = Instant::now();
            for case in part {
                let before = Usage::of(server.child.id()).resident_mib;
                let peak = Peak::watch(server.child.id());
                visits(&server, std::slice::from_ref(case), LONE).await;
                let peak = peak.end().await;
                let (name, added) = (&case.0, peak - before.min(first.resident_mib));
                assert!(
                    added <= CASE_MEMORY,
                    "{name} took {peak:.0} MiB, {added:.0} more than before; {CASE_MEMORY} may be"
                );
                most = most.max(added);
            }
            beside.extend(neighbour.p99s(begin, Instant::now()));
        }
    }
    let second = settled(&server, Some(first)).await;
    eprintln!(
        "without sessions but the neighbour's: {bare:?}; after one round: {first:?}; after two: {second:?}; a case added at most {most:.0} MiB"
    );

    // Beside the cases the neighbour is served, in the median of slices of a few seconds. How well is printed; what is
    // asserted holds on a busy machine, too: it is not stalled. The spread of the slices without cases is allowed in
    // addition.
    let (usual, with) = (median(&calm), median(&beside));
    let noise = calm.iter().copied().fold(usual, f64::max) - usual;
    let allowed = usual * 2.0 + 100.0 + noise;
    eprintln!(
        "p99 between a neighbour's pictures, ms: {usual:.1} alone {calm:.1?}, {with:.1} beside cases {beside:.1?}"
    );
    assert!(calm.len() >= CALMS && beside.len() >= 5, "{calm:?} {beside:?}");
    assert!(with <= allowed, "{with:.1} ms beside cases, {usual:.1} ms alone; {allowed:.1} ms are allowed");

    let session = server.session("neighbour").await.unwrap();
    assert_eq!(sum(&session["frames"]["failed"]), 0, "{session}");
    assert_eq!(session["instances_made"], 1, "{session}");
    let health = server.get("/healthz").await.json();
    assert_eq!((&health["status"], &health["sessions"]), (&json!("ok"), &json!(1)));
    // The cases logged millions of lines.
    let lines = server.child.err().len();
    assert!(lines < 40_000, "{lines} lines were kept of the floods");
    neighbour.end().await;
}

#[tokio::test]
async fn components_that_cannot_be_loaded_are_refused_with_the_reason() {
    let _alone = framebox_test_support::alone().await;
    let scratch = Scratch::new();
    let refused = framebox_test_components::cases().into_iter().filter(|(_, expected)| expected.stage == "load");
    let refused: Vec<_> = refused.collect();
    assert!(refused.len() > 10);
    for some in refused.chunks(4) {
        let start = |(name, expected): &(String, Expected)| {
            let file = scratch.write(&format!("{name}.wasm"), framebox_test_components::case(name));
            let flag = format!("{name}={}", file.display());
            let child = Child::start(
                name,
                program(&["--bind", "127.0.0.1:0", "--handler", &flag]).env_remove("RUST_BACKTRACE"),
            );
            (name.clone(), expected.says.clone(), child)
        };
        for (name, says, mut child) in some.iter().map(start).collect::<Vec<_>>() {
            let status = child.ended().await;
            let said = child.err().join("\n");
            assert!(!status.success() && status.code().is_some(), "{name}: {status}");
            assert!(said.contains(&format!("the handler {name} cannot be loaded")), "{name}: {said}");
            assert!(said.contains(&says), "{name} is refused for {says:?}, not: {said}");
        }
    }
}

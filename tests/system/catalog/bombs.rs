//! Components that are expensive to compile: refused within the limits, while a session continues.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use framebox_catalog::compile::{Error, Job, Limits, Worker};
use framebox_sandbox::CompileLimits;
use serde_json::json;
use tokio::sync::Mutex;

use crate::catalog::{component, push, refusal, server, versions};
use framebox_test_support::child::Child;
use framebox_test_support::python;
use framebox_test_support::scratch::Scratch;
use framebox_test_support::wait::{seconds, wait_until};

/// Returns a handler with a function of nested loops, each of which may branch out of all others, over local variables
/// that are live in all of them.
pub fn loops(loops: usize, locals: usize) -> Vec<u8> {
    let begin: String = (0..loops)
        .map(|n| {
            format!("(loop (local.set {0} (i32.add (local.get {0}) (local.get {1})))", n % locals, (n * 7 + 1) % locals)
        })
        .collect();
    let end: String =
        (0..loops).map(|n| format!("(br_if {} (local.get {})))", (n % 8).min(loops - 1 - n), n % locals)).collect();
    let fields = format!("(func (local {}) {begin} {end})", "i32 ".repeat(locals));
    framebox_test_components::component(&format!("{GOOD}{fields}"), "video-handler")
}

/// The fields of a valid handler.
const GOOD: &str = include_str!("../../test-components/cases/good/handler.wat");

/// Returns a handler with this number of functions.
fn functions(functions: usize) -> Vec<u8> {
    framebox_test_components::component(&format!("{GOOD}{}", "(func)".repeat(functions)), "video-handler")
}

fn worker(memory_mib: u64, time: Duration) -> Worker {
    Worker::new(framebox_test_support::paths::program(), Limits { memory_mib, time })
}

/// Held by tests that start compilers, since one of them counts those that are running.
static COMPILERS: Mutex<()> = Mutex::const_new(());

const ANYTHING: CompileLimits =
    CompileLimits { bytes: 32 << 20, functions: u32::MAX, body_bytes: 32 << 20, locals: u32::MAX };

#[tokio::test(flavor = "multi_thread")]
async fn compiling_is_limited_in_memory_and_time() {
    let _alone = COMPILERS.lock().await;
    // Without the limits of the inspection, those of the process still hold.
    let bomb = loops(1000, 1000);
    assert!(bomb.len() < 32 * 1024, "{}", bomb.len());
    let refused = worker(256, seconds(120)).compile(&bomb, &ANYTHING, &Job::default()).await.unwrap_err();
    assert_eq!(refused, Error::Memory { mib: 256 });
    assert!(refused.to_string().contains("takes more than 256 MiB to compile"));

    let refused = worker(4096, seconds(2)).compile(&functions(300_000), &ANYTHING, &Job::default()).await.unwrap_err();
    assert_eq!(refused, Error::Time { seconds: 2 });
    assert!(refused.to_string().contains("takes more than 2 s to compile"));

    // A good component passes.
    let passed = worker(512, seconds(120)).compile(&component(1), &CompileLimits::default(), &Job::default()).await;
    assert!(passed.is_ok());
    let refused = worker(512, seconds(120))
        .compile(b"\0asm\x01\0\0\0", &CompileLimits::default(), &Job::default())
        .await
        .unwrap_err();
    assert!(matches!(&refused, Error::Refused(words) if words.contains("core module")), "{refused}");
    let missing = Worker::new(PathBuf::from("/nowhere/framebox"), Limits::default());
    assert!(matches!(missing.compile(b"", &ANYTHING, &Job::default()).await, Err(Error::Failed(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compiler_whose_caller_gave_up_is_killed() {
    let _alone = COMPILERS.lock().await;
    let worker = worker(4096, seconds(60));
    let bomb = functions(300_000);
    let given_up = tokio::time::timeout(seconds(2), worker.compile(&bomb, &ANYTHING, &Job::default())).await;
    assert!(given_up.is_err());
    wait_until("the compiler is killed", async || match compilers() {
        0 => Ok(()),
        running => Err(format!("{running} compilers are running")),
    })
    .await;
    worker.compile(&component(1), &CompileLimits::default(), &Job::default()).await.unwrap();
}

/// Counts the compilers that this process started and that are running.
fn compilers() -> usize {
    let is_ours = |process: &std::path::Path| {
        let arguments = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:\t"));
        arguments.split(|byte| *byte == 0).nth(1) == Some(b"compile") && parent == Some(&std::process::id().to_string())
    };
    std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| is_ours(&entry.path())).count()
}

/// Returns how many pictures a client got so far.
fn pictures(client: &Child) -> u64 {
    let counts = client.out().into_iter().filter_map(|line| {
        let event: serde_json::Value = serde_json::from_str(&line).ok()?;
        event["count"].as_u64()
    });
    counts.max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_refused_while_a_session_continues() {
    let Some(python) = python::python() else { return };
    let data = Scratch::new();
    let server = server(&data).await;
    push(&server, "mine", component(1)).await;
    let client = python::start(&python, "stay.py", &[&server.base, "viewer", "mine"]);
    let works = |session: &serde_json::Value| session["frames"]["processed"].as_u64() > Some(20);
    server.wait_for_session("viewer", "processes pictures", works).await;

    for (what, bomb, words) in [
        ("a thousand loops", loops(1000, 1000), "local variables"),
        ("many functions", functions(300_000), "functions"),
    ] {
        let (status, detail) = refusal(&server.put("/handlers/bomb", &[], bomb).await);
        assert!(status == 422 && detail.contains(words), "{what}: {status} {detail}");
    }
    // The largest that is allowed: compiled, or refused within the limits, while the session continues.
    let (before, begin) = (pictures(&client), Instant::now());
    let answer = server.put("/handlers/bomb", &[], loops(2000, 500)).await;
    assert!([201, 422].contains(&answer.status), "{answer:?}");
    let (took, came) = (begin.elapsed(), pictures(&client) - before);
    // The client sends twenty pictures a second.
    assert!(came >= 20 || took < seconds(5), "{came} pictures in {took:?}");
    let session = server.session("viewer").await.unwrap();
    assert_eq!(session["frames"]["failed"], json!({}), "{session}");
    assert!(versions(&server, "mine").await.is_some());
}

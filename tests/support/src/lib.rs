//! What the whole-system tests and the benchmarks share: the program as a child process, clients, a browser, and waiting.
//!
//! **No process that it starts outlives its test.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`wait`] | polling with a deadline |
//! | [`paths`] | where the repository and the build's files are |
//! | [`child`] | child processes whose output is recorded |
//! | [`server`] | the `framebox` program on a free port of the loopback interface |
//! | [`scratch`] | a directory for one test |
//! | [`client`] | an aiortc client that stays in its session |
//! | [`python`] | clients written on aiortc |
//! | [`browser`] | Chromium, driven by chromedriver |
//! | [`firefox`] | Firefox, driven by Marionette |
//! | [`node`] | clients of npm, for pages |
//! | [`examples`] | the handlers of `guest-examples`, built from source |
//! | [`turn`] | a TURN server |
//! | [`scene`] | pictures like a camera's, as access units |

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::disallowed_methods, reason = "tests sleep and start tasks")]

pub mod browser;
pub mod child;
pub mod client;
pub mod examples;
pub mod firefox;
pub mod node;
pub mod paths;
pub mod python;
pub mod scene;
pub mod scratch;
pub mod server;
pub mod turn;
pub mod wait;

use std::io::Write as _;

use tokio::sync::{Mutex, MutexGuard};

/// Waits until no other test of the binary holds the guard: a browser's session takes most of a small machine.
pub async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// Reports that the machine lacks something a test needs, so that the test is skipped.
///
/// # Panics
/// Panics with `CI=true`, where no test may be skipped.
pub fn lacking(what: &str) {
    let strict = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!strict, "{what}, and with CI=true no test may be skipped");
    // Not by `eprintln!`: the test harness captures that and hides it for tests that pass.
    let _ = writeln!(std::io::stderr(), "NOTICE: {what}; a test is skipped");
}

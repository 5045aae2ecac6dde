//! What the whole-system tests share: the real program as a child process, clients of other makers, and waiting.
//!
//! | module | what it holds |
//! |---|---|
//! | [`wait`] | polling with a deadline and a clear end |
//! | [`child`] | processes whose output is kept and that do not outlive their test |
//! | [`server`] | the `framebox` program on a free port of the loopback interface |
//! | [`scratch`] | a directory for one test |
//! | [`client`] | one that stays in its session |
//! | [`python`] | clients written on aiortc |
//! | [`browser`] | Chromium, driven by chromedriver |
//! | [`examples`] | the examples in other languages than Rust, built from source |

// Each test file takes what it needs.
#![allow(dead_code)]

pub mod browser;
pub mod child;
pub mod client;
pub mod examples;
pub mod python;
pub mod scratch;
pub mod server;
pub mod wait;

use std::io::Write as _;

use tokio::sync::{Mutex, MutexGuard};

/// Holds off the other tests of the file: a live session takes most of a small machine.
pub async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// The machine lacks something that the test needs. Where every test has to run, that is a failure; elsewhere the test
/// says so and is passed over.
pub fn lacking(what: &str) {
    let strict = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!strict, "{what}, and CI=true wants every test to run");
    // Written past the capture of the test harness, which shows nothing of a test that passed.
    let _ = writeln!(std::io::stderr(), "NOTICE: {what}; a test is passed over");
}

//! The examples in other languages than Rust, built from their sources.

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::{lacking, paths};

/// Each of them, as language and name.
pub const ALL: [(&str, &str); 11] = [
    ("c", "convolve"),
    ("c", "posterize"),
    ("go", "life"),
    ("go", "posterize"),
    ("js", "posterize"),
    ("js", "tracker"),
    ("python", "histogram"),
    ("python", "posterize"),
    ("ts", "posterize"),
    ("zig", "posterize"),
    ("zig", "sobel"),
];

/// The component of an example; none where its tools cannot be had, which [`lacking`] is told.
pub fn component(language: &str, name: &str) -> Option<Vec<u8>> {
    // Waiting for the machine is no use while another test has it build something.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let root = paths::root();
    let output = Command::new(root.join("guest-examples/build")).arg(language).output().expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("is left out") {
        lacking(said.trim());
        return None;
    }
    assert!(output.status.success(), "the examples in {language} do not build: {said}");
    Some(std::fs::read(root.join(format!("target/guests/{language}-{name}.wasm"))).expect("what was built"))
}

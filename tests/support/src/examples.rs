//! The example handlers in other languages than Rust, built from source.

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

/// Returns the component of an example, or None where its tools are not available, after reporting that to [`lacking`].
pub fn component(language: &str, name: &str) -> Option<Vec<u8>> {
    // One build at a time: they share their tools.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let root = paths::root();
    let output = Command::new(root.join("guest-examples/build")).arg(language).output().expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("is left out") {
        lacking(errors.trim());
        return None;
    }
    assert!(output.status.success(), "the examples in {language} do not build: {errors}");
    Some(std::fs::read(root.join(format!("target/guests/{language}-{name}.wasm"))).expect("the build writes it"))
}

//! The handlers of `guest-examples`, built from source.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::{lacking, paths};

/// Language and name of each example that is not written in Rust.
pub const OTHER_LANGUAGES: [(&str, &str); 11] = [
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

/// The names of the examples in Rust, sorted.
pub const RUST: [&str; 17] = [
    "background",
    "detect",
    "edges",
    "flip",
    "hello",
    "invert",
    "knobs",
    "motion",
    "pixelate",
    "plasma",
    "play",
    "play-fps",
    "posterize",
    "qr",
    "slow-flip",
    "timestamp",
    "watch",
];

/// The examples that are built into the program, sorted.
pub const PREBUILT: [&str; 9] = ["detect", "edges", "flip", "invert", "knobs", "motion", "plasma", "play", "watch"];

/// Builds the examples in `language` and returns the path of `name`; `None` where the tools of the language are missing,
/// which is reported to [`lacking`].
///
/// A language is built once in a test process; other processes wait for the lock of the build script, which builds nothing
/// a second time.
pub fn built(language: &str, name: &str) -> Option<PathBuf> {
    static BUILDS: Mutex<Option<HashMap<String, Result<(), String>>>> = Mutex::new(None);
    let mut builds = BUILDS.lock().unwrap_or_else(PoisonError::into_inner);
    let builds = builds.get_or_insert_default();
    let result = builds.entry(language.to_owned()).or_insert_with(|| build(language));
    if let Err(reason) = result {
        lacking(reason);
        return None;
    }
    Some(paths::root().join(format!("target/guests/{language}-{name}.wasm")))
}

/// The component of an example, built as by [`built`].
pub fn component(language: &str, name: &str) -> Option<Vec<u8>> {
    let path = built(language, name)?;
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The path of an example in Rust: the prebuilt component where there is one, otherwise as by [`built`].
pub fn rust(name: &str) -> Option<PathBuf> {
    if PREBUILT.contains(&name) { Some(paths::prebuilt(name)) } else { built("rust", name) }
}

/// The argument of `framebox serve --handler` that offers an example in Rust under its own name.
pub fn argument(name: &str) -> Option<String> {
    rust(name).map(|path| format!("{name}={}", path.display()))
}

/// Runs `guest-examples/build`; an error is the reason why the language is left out.
fn build(language: &str) -> Result<(), String> {
    let output = Command::new(paths::root().join("guest-examples/build")).arg(language).output().expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("is left out") {
        return Err(errors.trim().to_owned());
    }
    assert!(output.status.success(), "the examples in {language} do not build: {errors}");
    Ok(())
}

//! Where the repository and the build's files are.

use std::path::{Path, PathBuf};

/// Returns the root of the repository.
pub fn root() -> &'static Path {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("this crate is two folders below the root")
}

/// Returns the component of the handler `name` that comes with the program.
pub fn prebuilt(name: &str) -> PathBuf {
    root().join("guest-examples/prebuilt").join(name).with_extension("wasm")
}

/// Returns the directory of a Cargo profile, such as `target/debug`. Cargo puts the running test or benchmark into its
/// folder `deps`.
fn profile() -> PathBuf {
    let running = std::env::current_exe().expect("the path of the running test");
    running.ancestors().nth(2).expect("a test is in `deps` of its profile").to_owned()
}

/// Returns the `framebox` program that Cargo built for the running test.
pub fn program() -> PathBuf {
    profile().join("framebox")
}

/// Returns Cargo's target directory.
pub fn target() -> PathBuf {
    profile().parent().expect("a profile is in the target directory").to_owned()
}

/// Returns the directory for temporary files of tests, which exists.
pub fn temporary() -> PathBuf {
    let path = target().join("tmp");
    std::fs::create_dir_all(&path).expect("the target directory can be written");
    path
}

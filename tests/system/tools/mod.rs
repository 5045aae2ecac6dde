//! The authors' tools on the real program: `framebox check`, `run`, `bench` and `new`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`check`] | good handlers, and those that a server refuses |
//! | [`run`] | videos through handlers, file to file |
//! | [`wrong`] | wrong arguments, and handlers that fail |
//! | [`bench`] | the table of costs |
//! | [`new`] | projects in every language, of every kind |

mod bench;
mod check;
mod new;
mod run;
mod wrong;

use std::path::PathBuf;
use std::process::Command;

use framebox_test_support::scratch::Scratch;
use serde_json::Value;

/// The exit code of the program and its output.
struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// Runs the program to its end.
fn framebox(arguments: &[&str]) -> Ended {
    let output = Command::new(framebox_test_support::paths::program()).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{arguments:?}: {}", output.status));
    let ended = Ended { code, out: text(output.stdout), err: text(output.stderr) };
    assert!(!ended.err.contains("panicked"), "{arguments:?}: {}", ended.err);
    ended
}

/// Runs the program, which must succeed; returns its standard output.
fn done(arguments: &[&str]) -> String {
    let ended = framebox(arguments);
    assert_eq!(ended.code, 0, "{arguments:?}: {}{}", ended.out, ended.err);
    ended.out
}

/// The path of a handler that is built into the program, as an argument.
fn prebuilt(name: &str) -> String {
    text(framebox_test_support::paths::prebuilt(name))
}

/// Writes the test component `name` to a file; returns its path.
fn case(scratch: &Scratch, name: &str) -> String {
    let path = scratch.write(&format!("{name}.wasm"), framebox_test_components::case(name));
    path.to_str().unwrap().to_owned()
}

/// Returns a path in the directory, as an argument.
fn place(scratch: &Scratch, name: &str) -> String {
    text(scratch.path().join(name))
}

fn text(path: PathBuf) -> String {
    path.to_str().unwrap().to_owned()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

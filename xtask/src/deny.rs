//! `cargo deny`: licences, forbidden crates and sources; advisories where their database can be had.

use std::io;
use std::process::Command;

use crate::step::{is_in_path, root};

/// What cargo-deny says when the database of advisories cannot be had.
const NO_DATABASE: &str = "failed to fetch advisory database";

/// Checks the dependencies. Returns whether they are as `deny.toml` wants them.
pub fn check() -> bool {
    if !is_in_path("cargo-deny") {
        println!(
            "there is no cargo-deny: install it with `cargo install cargo-deny --locked`, which takes some minutes"
        );
        return false;
    }
    match run() {
        Ok(passed) => passed,
        Err(error) => {
            println!("cargo deny: {error}");
            false
        }
    }
}

fn run() -> io::Result<bool> {
    // Duplicates are warnings that nobody reads: one line says the result.
    let quiet = ["--locked", "--log-level", "error", "check"];
    let kinds =
        Command::new("cargo-deny").args(quiet).args(["bans", "licenses", "sources"]).current_dir(root()).status()?;
    let advisories = Command::new("cargo-deny").args(quiet).arg("advisories").current_dir(root()).output()?;
    let text = String::from_utf8_lossy(&[advisories.stdout, advisories.stderr].concat()).into_owned();
    if !advisories.status.success() && text.contains(NO_DATABASE) {
        println!("advisories were not checked: their database, a git repository, cannot be fetched from here");
        return Ok(kinds.success());
    }
    print!("{text}");
    Ok(kinds.success() && advisories.status.success())
}

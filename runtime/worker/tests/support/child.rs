//! Stands for the `framebox` program in the tests of this crate: its hidden command `worker`.

use std::process::ExitCode;

use clap::Parser;
use framebox_worker::child;

#[derive(Parser)]
enum Command {
    Worker(child::Options),
}

fn main() -> ExitCode {
    let Command::Worker(options) = Command::parse();
    child::run(&options)
}

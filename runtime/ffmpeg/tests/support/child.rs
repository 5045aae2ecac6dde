//! Stands for the `framebox` program in the tests of this crate: its hidden command `ffmpeg`.

use std::process::ExitCode;

use clap::Parser;
use framebox_ffmpeg::child;

#[derive(Parser)]
enum Command {
    Ffmpeg(child::Options),
}

fn main() -> ExitCode {
    let Command::Ffmpeg(options) = Command::parse();
    child::run(&options)
}

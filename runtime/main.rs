//! The `framebox` program: parses the command line, runs the command, and reports its error.

use std::process::ExitCode;

use framebox_cli::logging;
use framebox_cli::{Cli, Command, Parser};

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start();
    let command = cli.command.unwrap_or(Command::Serve(cli.serve));
    match command.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("framebox: {error:#}");
            ExitCode::FAILURE
        }
    }
}

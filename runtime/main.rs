//! The `framebox` program: reads the configuration, runs, reports.

use std::process::ExitCode;

use framebox_server::catalog::compile::child;
use framebox_server::cli::{Cli, Command, Parser};
use framebox_server::{app, logging};

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start();
    let serve = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(serve) => serve,
        Command::Compile(options) => return child::run(&options),
    };
    let run = || {
        let config = serve.config()?;
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(app::serve(config, app::interrupted()))
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("framebox: {error:#}");
            ExitCode::FAILURE
        }
    }
}

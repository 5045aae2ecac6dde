//! The `framebox` program: reads the configuration, runs, reports.

use std::process::ExitCode;

use framebox_server::cli::{Cli, Command, Parser};
use framebox_server::{app, logging};

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start();
    let Command::Serve(serve) = cli.command.unwrap_or(Command::Serve(cli.serve));
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

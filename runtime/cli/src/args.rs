//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use framebox_catalog::compile::child;
use framebox_catalog::name;

use crate::{dev, doctor, exit, handlers, push, serve, token, tools};

/// Processes live video with sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "framebox", version, args_conflicts_with_subcommands = true, after_help = exit::HELP)]
pub struct Cli {
    /// The command; `serve` if there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The arguments of `serve`, if there is no command.
    #[command(flatten)]
    pub serve: serve::Serve,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the server (the default command).
    Serve(serve::Serve),
    /// Compiles a component; the server runs this command for each upload.
    #[command(hide = true)]
    Compile(child::Options),
    /// Runs one session; the server runs this command for each session where `isolation` is `process`.
    #[command(hide = true)]
    Worker(framebox_worker::child::Options),
    /// Confines itself and becomes ffmpeg; the server runs this command for each source that is read by it.
    #[command(hide = true)]
    Ffmpeg(framebox_ffmpeg::child::Options),
    /// Uploads a component to a running server as a version of a handler.
    Push(push::Push),
    /// Builds a project after each change and uploads the result; open pages switch to it.
    Dev(dev::Dev),
    /// Lists and manages the handlers of a running server and their versions.
    Handlers(handlers::Handlers),
    /// Tries what sessions need - ports, addresses, STUN and TURN servers, a whole session - and says what to do.
    Doctor(doctor::Doctor),
    /// Creates, lists and revokes access tokens.
    Token(token::Tokens),
    /// Creates a project for a new handler.
    New(framebox_tools::new::New),
    /// Describes a component, checks whether a server would accept it, and measures it.
    Check(framebox_tools::check::Check),
    /// Processes a video file with a handler, without a server.
    Run(framebox_tools::run::Run),
    /// Measures time, fuel and memory of a handler.
    Bench(framebox_tools::bench::Bench),
}

impl Command {
    /// Runs the command; returns the exit code.
    ///
    /// # Errors
    /// The server fails, or a runtime cannot be started. The other commands print their errors themselves.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Compile(options) => Ok(child::run(&options)),
            Self::Worker(options) => Ok(framebox_worker::child::run(&options)),
            Self::Ffmpeg(options) => Ok(framebox_ffmpeg::child::run(&options)),
            Self::Serve(serve) => serve.run().map(|()| ExitCode::SUCCESS),
            Self::Push(push) => Ok(exit::code(block_on(push.run())?)),
            Self::Dev(dev) => Ok(exit::code(block_on(dev.run())?)),
            Self::Handlers(handlers) => Ok(exit::code(block_on(handlers.run())?)),
            Self::Doctor(doctor) => Ok(exit::code(block_on(doctor.run())?)),
            Self::Token(tokens) => Ok(exit::code(tokens.run())),
            Self::New(new) => Ok(tools::exit_code(new.run(name::is_valid))),
            Self::Check(check) => Ok(tools::with_host(|host| check.run(host))),
            Self::Run(run) => Ok(tools::with_host(|host| run.run(host))),
            Self::Bench(bench) => Ok(tools::with_host(|host| bench.run(host))),
        }
    }
}

/// Runs a client of a server to its end.
fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use framebox_auth::scope::Scope;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        let anyone = |arguments: &[&str]| Cli::parse_from(arguments).serve.allow_anyone;
        assert_eq!(anyone(&["framebox"]), []);
        assert_eq!(anyone(&["framebox", "--allow-anyone"]), [Scope::Admin]);
        assert_eq!(anyone(&["framebox", "--allow-anyone=watch,upload"]), [Scope::Watch, Scope::Upload]);
        assert!(Cli::try_parse_from(["framebox", "--allow-anyone=root"]).is_err());
    }
}

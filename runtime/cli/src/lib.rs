//! The commands of the `framebox` program.
//!
//! | module | what it holds |
//! |---|---|
//! | [`token`] | `framebox token`: tokens of a data directory |
//! | [`push`], [`handlers`] | `framebox push`, `framebox handlers`: the catalog of a running server |
//! | [`dev`] | `framebox dev`: builds and pushes on each change |
//! | [`client`] | requests to that server |
//! | [`exit`] | with which code the program ends |
//! | [`tools`] | `framebox new`, `check`, `run`, `bench`: for authors, without a server |
//! | [`progress`] | the bar of an upload |

pub mod client;
pub mod dev;
pub mod exit;
pub mod handlers;
pub mod logging;
pub mod progress;
pub mod push;
pub mod token;
pub mod tools;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
pub use clap::Parser;
use clap::{Args, Subcommand};

use framebox_auth::scope::Scope;
use framebox_catalog::compile::child;
use framebox_catalog::name::is_valid;
use framebox_server::config::{Config, Handler};

/// Live video through sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "framebox", version, args_conflicts_with_subcommands = true, after_help = exit::HELP)]
pub struct Cli {
    /// What to do; without one: `serve`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Arguments of `serve`, when no command is named.
    #[command(flatten)]
    pub serve: Serve,
}

/// What the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the server (also when no command is named).
    Serve(Serve),
    /// Compiles a component: what the server starts for each upload.
    #[command(hide = true)]
    Compile(child::Options),
    /// Uploads a component to a running server as a version of a handler.
    Push(push::Push),
    /// Builds a project on each change and pushes it: an open page moves to it by itself.
    Dev(dev::Dev),
    /// The handlers of a running server and their versions.
    Handlers(handlers::Handlers),
    /// Tokens, by which a server lets in whom its operator chose.
    Token(token::Tokens),
    /// Makes a project for a handler of your own, in a language of your choice.
    New(framebox_tools::new::New),
    /// Tells what a component is, whether a server would take it, and what it costs; for its author.
    Check(framebox_tools::check::Check),
    /// Puts a video through a handler, from file to file.
    Run(framebox_tools::run::Run),
    /// Measures what a handler's frames cost, in time and fuel.
    Bench(framebox_tools::bench::Bench),
}

/// `framebox serve`
#[derive(Debug, Default, Args)]
pub struct Serve {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port of the HTTP side; port 0 takes a free one. [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<SocketAddr>,
    /// Sessions at once. [default: 32]
    #[arg(long, value_name = "N")]
    pub sessions: Option<u32>,
    /// CPU time that sessions may use a second, milliseconds; 0: as much as there is. [default: nine tenths of the cores, and no more sessions when the machine has not a tenth left]
    #[arg(long, value_name = "MS")]
    pub capacity_ms: Option<u32>,
    /// Address on which media is exchanged; may be given several times. [default: those of every interface]
    #[arg(long = "media-address", value_name = "IP")]
    pub media_addresses: Vec<IpAddr>,
    /// A handler beside the built-in ones; may be given several times.
    #[arg(long = "handler", value_name = "NAME=FILE", value_parser = handler)]
    pub handlers: Vec<(String, PathBuf)>,
    /// The handler of an offer that names none.
    #[arg(long, value_name = "NAME")]
    pub default_handler: Option<String>,
    /// Directory of what outlives the program: uploaded handlers, tokens, the audit log. [default: nothing does]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Lets whoever comes without a token do what these scopes allow; without a value: everything.
    #[arg(long, value_name = "SCOPE,…", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = "admin")]
    pub allow_anyone: Vec<Scope>,
}

fn handler(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("give a name and the component's file, as in --handler mine=target/mine.wasm".to_owned()),
    }
}

impl Serve {
    /// The configuration file with the flags over it, checked.
    ///
    /// # Errors
    /// What is wrong with either.
    pub fn config(self) -> anyhow::Result<Config> {
        let mut config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        config.server.bind = self.bind.unwrap_or(config.server.bind);
        config.server.sessions = self.sessions.unwrap_or(config.server.sessions);
        config.server.capacity_ms = self.capacity_ms.or(config.server.capacity_ms);
        config.server.data = self.data.or(config.server.data);
        config.server.default_handler = self.default_handler.or(config.server.default_handler);
        if !self.allow_anyone.is_empty() {
            config.server.allow_anyone = self.allow_anyone;
        }
        if !self.media_addresses.is_empty() {
            config.webrtc.addresses = self.media_addresses;
        }
        config.handlers.extend(
            self.handlers
                .into_iter()
                .map(|(name, component)| (name, Handler { component: Some(component), ..Handler::default() })),
        );
        config.check().context("the configuration is wrong")?;
        Ok(config)
    }
}

impl Command {
    /// Does it; returns with which code the program ends.
    ///
    /// # Errors
    /// Those of `serve`; the others say themselves what went wrong.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Compile(options) => Ok(child::run(&options)),
            Self::Serve(serve) => {
                let config = serve.config()?;
                let runtime = tokio::runtime::Runtime::new()?;
                runtime.block_on(framebox_server::serve::serve(config, framebox_server::serve::interrupted()))?;
                Ok(exit::Code::Done.into())
            }
            Self::Push(push) => Ok(exit::Code::of(asking(push.run())?).into()),
            Self::Dev(dev) => Ok(exit::Code::of(asking(dev.run())?).into()),
            Self::Handlers(handlers) => Ok(exit::Code::of(asking(handlers.run())?).into()),
            Self::Token(tokens) => Ok(exit::Code::of(tokens.run()).into()),
            Self::New(new) => Ok(tools::said(new.run(is_valid))),
            Self::Check(check) => Ok(tools::with(|host| check.run(host))),
            Self::Run(run) => Ok(tools::with(|host| run.run(host))),
            Self::Bench(bench) => Ok(tools::with(|host| bench.run(host))),
        }
    }
}

/// Runs what asks a server.
fn asking<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        let anyone = |arguments: &[&str]| Cli::parse_from(arguments).serve.allow_anyone;
        assert_eq!(anyone(&["framebox"]), []);
        assert_eq!(anyone(&["framebox", "--allow-anyone"]), [Scope::Admin]);
        assert_eq!(anyone(&["framebox", "--allow-anyone=watch,upload"]), [Scope::Watch, Scope::Upload]);
        assert!(Cli::try_parse_from(["framebox", "--allow-anyone=root"]).is_err());
    }
}

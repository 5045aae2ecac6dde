//! `framebox serve`: runs the server.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use framebox_auth::scope::Scope;
use framebox_server::config::{Config, Handler};
use framebox_server::serve;
use framebox_worker::Isolation;
use rustix::fs::Mode;

/// Longest time, after the server has ended, for threads to end.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// The arguments of `framebox serve`. They override the configuration file.
#[derive(Debug, Default, Args)]
pub struct Serve {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port for HTTP; with port 0, the system chooses a free port [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<SocketAddr>,
    /// Maximum number of concurrent sessions [default: 32]
    #[arg(long, value_name = "N")]
    pub sessions: Option<u32>,
    /// CPU time for all sessions, milliseconds per second; 0 for no limit [default: 90 % of the cores, and no new sessions
    /// while less than 10 % of the machine is idle]
    #[arg(long, value_name = "MS")]
    pub capacity_ms: Option<u32>,
    /// Where sessions run: on threads of the server, or each in a confined process of its own [default: thread, and process
    /// where other machines can reach the server]
    #[arg(long, value_name = "PLACE", value_parser = isolation)]
    pub isolation: Option<Isolation>,
    /// Address for media; can be repeated [default: the addresses of all interfaces]
    #[arg(long = "media-address", value_name = "IP")]
    pub media_addresses: Vec<IpAddr>,
    /// Port for the media of all sessions, UDP and TCP; with 0, the system chooses one [default: 0]
    #[arg(long, value_name = "PORT")]
    pub media_port: Option<u16>,
    /// Address at which a NAT in front of the server makes the media port reachable; can be repeated [default: none]
    #[arg(long = "public-address", value_name = "IP")]
    pub public_addresses: Vec<IpAddr>,
    /// Adds a handler to the built-in ones; can be repeated.
    #[arg(long = "handler", value_name = "NAME=FILE", value_parser = handler)]
    pub handlers: Vec<(String, PathBuf)>,
    /// Handler for offers that name none [default: invert]
    #[arg(long, value_name = "NAME")]
    pub default_handler: Option<String>,
    /// Directory for uploaded handlers, tokens and the audit log [default: none; uploads are lost when the server ends]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Grants these scopes to clients without a token; without a value, all scopes [default: none]
    #[arg(long, value_name = "SCOPE,…", num_args = 0..=1, require_equals = true, value_delimiter = ',',
          default_missing_value = "admin")]
    pub allow_anyone: Vec<Scope>,
}

fn isolation(text: &str) -> Result<Isolation, String> {
    match text {
        "thread" => Ok(Isolation::Thread),
        "process" => Ok(Isolation::Process),
        _ => Err("expected thread or process".to_owned()),
    }
}

fn handler(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err("expected a name and a component, as in --handler mine=build/mine.wasm".to_owned()),
    }
}

impl Serve {
    /// Runs the server until it is interrupted.
    ///
    /// # Errors
    /// The configuration is invalid, or the server cannot start.
    pub fn run(self) -> anyhow::Result<()> {
        let config = self.config()?;
        // What the server writes is for its user alone.
        rustix::process::umask(Mode::from_raw_mode(0o077));
        let runtime = tokio::runtime::Runtime::new()?;
        let result = runtime.block_on(async { serve::serve(config, serve::interrupted()).await });
        // A thread that is stuck does not keep the program.
        runtime.shutdown_timeout(SHUTDOWN);
        result
    }

    /// Returns the arguments that give another server the same configuration, but for its port.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let mut add = |flag: &str, value: OsString| arguments.extend([OsString::from(flag), value]);
        for file in self.config.iter() {
            add("--config", file.into());
        }
        for folder in self.data.iter() {
            add("--data", folder.into());
        }
        for address in &self.media_addresses {
            add("--media-address", address.to_string().into());
        }
        for port in self.media_port.iter() {
            add("--media-port", port.to_string().into());
        }
        for address in &self.public_addresses {
            add("--public-address", address.to_string().into());
        }
        arguments
    }

    /// Returns the configuration file, overridden by the arguments.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong.
    pub fn config(self) -> anyhow::Result<Config> {
        let mut config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        config.server.bind = self.bind.unwrap_or(config.server.bind);
        config.server.sessions = self.sessions.unwrap_or(config.server.sessions);
        config.server.capacity_ms = self.capacity_ms.or(config.server.capacity_ms);
        config.server.isolation = self.isolation.or(config.server.isolation);
        config.server.data = self.data.or(config.server.data);
        config.server.default_handler = self.default_handler.or(config.server.default_handler);
        if !self.allow_anyone.is_empty() {
            config.server.allow_anyone = self.allow_anyone;
        }
        if !self.media_addresses.is_empty() {
            config.webrtc.addresses = self.media_addresses;
        }
        if !self.public_addresses.is_empty() {
            config.webrtc.public_addresses = self.public_addresses;
        }
        if let Some(port) = self.media_port {
            // In place of the file's port or range.
            config.webrtc.port = port;
            (config.webrtc.first_port, config.webrtc.last_port) = (None, None);
        }
        let handler = |component| Handler { component: Some(component), ..Handler::default() };
        config.handlers.extend(self.handlers.into_iter().map(|(name, component)| (name, handler(component))));
        config.check().context("the configuration is invalid")?;
        Ok(config)
    }
}

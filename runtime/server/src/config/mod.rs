//! The configuration file and what it means. Unknown keys are errors.

pub mod limits;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use framebox_sandbox::Limits;
use serde::Deserialize;

use crate::rights::scope::Scope;

/// The whole file; every key has a default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens and how much it takes on.
    pub server: Server,
    /// How peers reach it.
    pub webrtc: WebRtc,
    /// How results are encoded.
    pub encoder: Encoder,
    /// What a handler may use.
    pub limits: limits::Table,
    /// What no handler may use more of.
    pub bounds: limits::Table,
    /// Handlers beside the built-in ones, by name.
    pub handlers: BTreeMap<String, Handler>,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address of the HTTP side.
    pub bind: SocketAddr,
    /// Sessions at once.
    pub sessions: u32,
    /// The handler of an offer that names none; absent: `invert`.
    pub default_handler: Option<String>,
    /// Origins of pages elsewhere that may use the API, `https://host`; none by default.
    pub origins: Vec<String>,
    /// Where what outlives the program is kept, relative to the configuration file; absent: nothing is.
    pub data: Option<PathBuf>,
    /// What whoever comes without a token may do; empty: nothing, but on an address of this machine only everything as
    /// long as there are no tokens.
    pub allow_anyone: Vec<Scope>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            sessions: 32,
            default_handler: None,
            origins: Vec::new(),
            data: None,
            allow_anyone: Vec::new(),
        }
    }
}

/// `[webrtc]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebRtc {
    /// Addresses on which media is exchanged; empty: those of every interface, since browsers do not use loopback for it
    /// unless told so.
    pub addresses: Vec<IpAddr>,
    /// First UDP port of media; absent: any.
    pub first_port: Option<u16>,
    /// Last UDP port of media; absent: any.
    pub last_port: Option<u16>,
    /// STUN and TURN servers, `stun:host:port`.
    pub ice_servers: Vec<String>,
}

/// `[encoder]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Encoder {
    /// Bit rate at the start, kbit/s.
    pub start_kbps: u32,
    /// Highest bit rate, kbit/s.
    pub max_kbps: u32,
}

impl Default for Encoder {
    fn default() -> Self {
        Self { start_kbps: 1500, max_kbps: 2500 }
    }
}

/// `[handlers.NAME]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Handler {
    /// The component's file, relative to the configuration file; absent for a built-in handler.
    pub component: Option<PathBuf>,
    /// What it may use, where that is not as in `[limits]`.
    pub limits: limits::Table,
}

impl Config {
    /// Reads `path`.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or has a key or value that is not known here; the text says where.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut config: Self = toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.server.data = config.server.data.take().map(|data| folder.join(data));
        for handler in config.handlers.values_mut() {
            handler.component = handler.component.take().map(|file| folder.join(file));
        }
        Ok(config)
    }

    /// What the handler `name` may use. Of a configuration that was checked.
    pub fn limits(&self, name: &str) -> Limits {
        let bounds = self.bounds.bounds().unwrap_or_default();
        let usual = self.limits.usual(bounds).unwrap_or_default();
        let own = self.handlers.get(name).map(|handler| handler.limits).unwrap_or_default();
        own.over(usual, bounds, "limits").unwrap_or(usual).limits()
    }

    /// The most memory that an instance of any handler may have, bytes.
    pub fn most_memory(&self) -> usize {
        let configured = self.handlers.keys().map(|name| self.limits(name).memory);
        configured.chain([self.limits("").memory]).max().unwrap_or_default()
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// Says which key is wrong and what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=1000).contains(&self.server.sessions), "server.sessions must be within 1 and 1000");
        ensure!((50..=100_000).contains(&self.encoder.max_kbps), "encoder.max_kbps must be within 50 and 100000");
        ensure!(
            (50..=self.encoder.max_kbps).contains(&self.encoder.start_kbps),
            "encoder.start_kbps must be within 50 and encoder.max_kbps"
        );
        let bounds = self.bounds.bounds()?;
        let usual = self.limits.usual(bounds)?;
        for (name, handler) in &self.handlers {
            handler.limits.over(usual, bounds, &format!("handlers.{name}.limits"))?;
        }
        match (self.webrtc.first_port, self.webrtc.last_port) {
            (None, None) => {}
            (Some(first), Some(last)) => {
                ensure!(first >= 1 && first <= last, "webrtc.first_port must be within 1 and webrtc.last_port");
            }
            _ => anyhow::bail!("webrtc.first_port and webrtc.last_port go together: give both or none"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_wrong_values_are_refused_by_name() {
        let error = |text: &str| match toml::from_str::<Config>(text) {
            Ok(config) => config.check().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        };
        for (text, words) in [
            ("[server]\nbnd = \"127.0.0.1:1\"", "unknown field `bnd`, expected one of `bind`"),
            ("[serve]", "unknown field `serve`"),
            ("[server]\nbind = \"nowhere\"", "invalid socket address"),
            ("[server]\nsessions = 0", "server.sessions must be within"),
            ("[limits]\ncall_ms = 0", "limits.call_ms must be at least 1"),
            ("[bounds]\ncall_ms = 9\n[limits]\ncall_ms = 10", "limits.call_ms is 10: at most 9"),
            ("[handlers.a.limits]\ncall_ms = 90000", "handlers.a.limits.call_ms is 90000: at most 10000"),
            ("[webrtc]\nfirst_port = 5000", "go together"),
            ("[encoder]\nstart_kbps = 9000", "encoder.start_kbps must be within"),
            ("[handlers.a]\nfile = \"a.wasm\"", "unknown field `file`"),
        ] {
            assert!(error(text).contains(words), "{text}: {}", error(text));
        }
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config: Config = toml::from_str("").unwrap();
        config.check().unwrap();
        assert!(config.server.bind.ip().is_loopback());
    }
}

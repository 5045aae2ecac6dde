//! The configuration file. Unknown keys are errors.

pub mod budgets;
mod ffmpeg;
pub mod ice_url;
pub mod quotas;
mod recording;
mod session_defaults;
mod streams;
mod webrtc;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use framebox_auth::scope::Scope;
use framebox_catalog::limits;
use framebox_catalog::{Defaults, HandlerDefaults, compile};
use framebox_picture::Size;
use framebox_pipeline::{Skipping, Unprocessed};
use framebox_sandbox::MemoryAccount;
use framebox_worker::Isolation;
use serde::Deserialize;

pub use ffmpeg::Ffmpeg;
pub use session_defaults::SessionDefaults;
pub use streams::{SourceInput, Stream};
pub use webrtc::{ClientIceServer, Password, WebRtc};

/// The whole file; every key has a default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens, and how much it serves.
    pub server: Server,
    /// Connections of HTTP clients.
    pub http: Http,
    /// How peers reach the server.
    pub webrtc: WebRtc,
    /// How results are encoded.
    pub encoder: Encoder,
    /// What cameras may send.
    pub decoder: Decoder,
    /// Limits of handlers.
    pub limits: limits::Table,
    /// Upper bounds of the limits of every handler.
    pub bounds: limits::Table,
    /// How sessions that cost too much degrade.
    #[serde(rename = "ladder")]
    pub degradation: budgets::Degradation,
    /// When handlers that keep failing pause.
    pub breaker: budgets::Breaker,
    /// Handlers beside the built-in ones, by name.
    pub handlers: BTreeMap<String, Handler>,
    /// The program that reads what is not read here.
    pub ffmpeg: Ffmpeg,
    /// Videos and pictures that handlers may read, by name.
    pub sources: BTreeMap<String, Source>,
    /// Streams that the operator defines, by name.
    pub streams: BTreeMap<String, Stream>,
    /// Recordings of streams.
    pub recording: recording::Recording,
    /// Limits of uploads.
    pub uploads: Uploads,
    /// How much one principal may use.
    pub quotas: quotas::Table,
    /// The `framebox` program, which compiles uploads; `None` for the running one.
    #[serde(skip)]
    pub program: Option<PathBuf>,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address of the HTTP server.
    pub bind: SocketAddr,
    /// Most sessions at once.
    pub sessions: u32,
    /// Most viewers of all streams at once.
    pub viewers: u32,
    /// CPU time of all sessions, ms a second; absent: nine tenths of the cores; 0: unlimited. A session that would exceed
    /// it is rejected.
    pub capacity_ms: Option<u32>,
    /// Where sessions run: `thread`, on threads of the server, or `process`, each in a confined process of its own; absent:
    /// `process` where `bind` can be reached from other machines, `thread` where only this machine can.
    pub isolation: Option<Isolation>,
    /// Worker processes that are kept ready for sessions, under `process`.
    pub ready_workers: usize,
    /// Memory of all sessions, MiB; absent: three quarters of the machine's or of the control group's; 0: unlimited. A session
    /// that would exceed it is rejected.
    pub memory_mib: Option<u64>,
    /// Memory that the server holds for one session, MiB: pictures, values, log, sources; beside the handler's own
    /// (`limits.memory_mib`) and that of its codecs.
    pub session_memory_mib: u64,
    /// Which frames are skipped, unless the handler's section or the offer says otherwise: `latest`, `adaptive`, `never`.
    pub policy: Skipping,
    /// What is shown for a frame without a result, likewise: `hold`, `passthrough`.
    pub unprocessed: Unprocessed,
    /// The handler of an offer that names none; absent: `invert`.
    pub default_handler: Option<String>,
    /// Origins of pages elsewhere that may use the API, `https://host`; none by default.
    pub origins: Vec<String>,
    /// Names by which clients reach the server through a proxy on this machine, beside `localhost` and addresses.
    pub hosts: Vec<String>,
    /// Data directory, relative to the configuration file; absent: nothing outlives the program.
    pub data: Option<PathBuf>,
    /// Scopes of clients without a token; empty: none.
    pub allow_anyone: Vec<Scope>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 8080)),
            sessions: 32,
            viewers: 500,
            capacity_ms: None,
            isolation: None,
            ready_workers: 2,
            memory_mib: None,
            session_memory_mib: (MemoryAccount::DEFAULT_LIMIT >> 20) as u64,
            policy: Skipping::default(),
            unprocessed: Unprocessed::default(),
            default_handler: None,
            origins: Vec::new(),
            hosts: Vec::new(),
            data: None,
            allow_anyone: Vec::new(),
        }
    }
}

impl Server {
    /// Returns where sessions run.
    pub fn isolation(&self) -> Isolation {
        self.isolation.unwrap_or(if self.bind.ip().is_loopback() { Isolation::Thread } else { Isolation::Process })
    }
}

/// `[http]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Most connections at once; absent: 1024, or fewer where the limit of open files leaves fewer.
    pub connections: Option<u32>,
    /// Most connections at once of each client address; of IPv6, of each network of /64.
    pub connections_per_address: u32,
    /// Addresses of reverse proxies, whose connections count only in total, and whose `X-Forwarded-For` names the client.
    pub proxies: Vec<IpAddr>,
}

impl Default for Http {
    fn default() -> Self {
        Self { connections: None, connections_per_address: 256, proxies: Vec::new() }
    }
}

impl Http {
    fn check(&self) -> anyhow::Result<()> {
        let most = 1_000_000;
        ensure!(
            self.connections.is_none_or(|connections| (1..=most).contains(&connections)),
            "http.connections must be within 1 and {most}"
        );
        ensure!(
            (1..=most).contains(&self.connections_per_address),
            "http.connections_per_address must be within 1 and {most}"
        );
        Ok(())
    }
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

/// `[decoder]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Decoder {
    /// Width of the largest picture of a camera, pixels; pictures on edge have their width as height.
    pub width: u32,
    /// Height of the largest picture of a camera, pixels.
    pub height: u32,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { width: 1920, height: 1080 }
    }
}

impl Decoder {
    /// Returns the largest picture.
    pub fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }

    fn check(&self) -> anyhow::Result<()> {
        for (name, side, most) in [("width", self.width, 4096), ("height", self.height, 2304)] {
            ensure!((128..=most).contains(&side), "decoder.{name} must be within 128 and {most}");
        }
        Ok(())
    }
}

/// `[handlers.NAME]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Handler {
    /// The component's file, relative to the configuration file; absent for a built-in handler.
    pub component: Option<PathBuf>,
    /// Limits that differ from `[limits]`.
    pub limits: limits::Table,
    /// Which frames are skipped, if not as in `[server]`.
    pub policy: Option<Skipping>,
    /// What is shown for a frame without a result, likewise.
    pub unprocessed: Option<Unprocessed>,
}

/// `[sources.NAME]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// The file; relative to the configuration file.
    pub file: Option<PathBuf>,
    /// In place of a file: the address from which the server fetches it, `http://` or `https://`.
    pub url: Option<String>,
    /// Whether it starts over at its end.
    #[serde(rename = "loop")]
    pub looped: bool,
    /// Names of the handlers that may open it.
    pub handlers: Vec<String>,
}

impl Source {
    fn check(&self, name: &str) -> anyhow::Result<()> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        ensure!(
            (1..=64).contains(&name.len()) && name.bytes().all(fits),
            "the source name {name:?} is wrong: use letters, digits, -, _ and ., at most 64"
        );
        ensure!(self.file.is_some() != self.url.is_some(), "sources.{name} needs a file or a url, and not both");
        if let Some(url) = &self.url {
            let address = reqwest::Url::parse(url).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
            ensure!(address.is_some(), "sources.{name}.url must be an address that begins with http:// or https://");
        }
        ensure!(!self.handlers.is_empty(), "sources.{name}.handlers must name who may open it");
        Ok(())
    }
}

/// `[uploads]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Uploads {
    /// Largest component, MiB.
    pub mib: u64,
    /// Memory for compiling one, MiB.
    pub compile_mib: u64,
    /// Time for compiling one, s.
    pub compile_s: u64,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { mib: 32, compile_mib: 512, compile_s: 60 }
    }
}

impl Uploads {
    /// Returns the size of the largest component, bytes.
    pub fn bytes(&self) -> usize {
        usize::try_from(self.mib << 20).unwrap_or(usize::MAX)
    }

    /// Returns the time for compiling one.
    pub fn compile_time(&self) -> Duration {
        Duration::from_secs(self.compile_s)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=256).contains(&self.mib), "uploads.mib must be within 1 and 256");
        ensure!((64..=65_536).contains(&self.compile_mib), "uploads.compile_mib must be within 64 and 65536");
        ensure!((1..=3600).contains(&self.compile_s), "uploads.compile_s must be within 1 and 3600");
        Ok(())
    }
}

impl Config {
    /// Reads the file `path`.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or has an unknown key or value; the text says where.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut config: Self = toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.recording.folder = config.recording.folder.take().map(|recordings| folder.join(recordings));
        config.server.data = config.server.data.take().map(|data| folder.join(data));
        config.ffmpeg.path = config.ffmpeg.path.take().map(|path| folder.join(path));
        for handler in config.handlers.values_mut() {
            handler.component = handler.component.take().map(|file| folder.join(file));
        }
        for stream in config.streams.values_mut() {
            stream.folder = Some(folder.to_owned());
        }
        for file in config.sources.values_mut().filter_map(|source| source.file.as_mut()) {
            *file = folder.join(&*file);
        }
        Ok(config)
    }

    /// Returns the defaults of handlers, for the catalog.
    pub fn defaults(&self) -> Defaults {
        let handler =
            |handler: &Handler| HandlerDefaults { component: handler.component.clone(), limits: handler.limits };
        Defaults {
            limits: self.limits,
            bounds: self.bounds,
            handlers: self.handlers.iter().map(|(name, of)| (name.clone(), handler(of))).collect(),
            default_handler: self.server.default_handler.clone(),
            largest: self.uploads.bytes(),
            compile: compile::Limits { memory_mib: self.uploads.compile_mib, time: self.uploads.compile_time() },
            program: self.program.clone(),
        }
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// Names the key, and what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=1000).contains(&self.server.sessions), "server.sessions must be within 1 and 1000");
        ensure!((1..=100_000).contains(&self.server.viewers), "server.viewers must be within 1 and 100000");
        ensure!((1..=64).contains(&self.server.ready_workers), "server.ready_workers must be within 1 and 64");
        ensure!(
            (8..=65_536).contains(&self.server.session_memory_mib),
            "server.session_memory_mib must be within 8 and 65536"
        );
        ensure!((50..=100_000).contains(&self.encoder.max_kbps), "encoder.max_kbps must be within 50 and 100000");
        ensure!(
            (50..=self.encoder.max_kbps).contains(&self.encoder.start_kbps),
            "encoder.start_kbps must be within 50 and encoder.max_kbps"
        );
        let bounds = self.bounds.bounds()?;
        let general = self.limits.with_defaults(bounds)?;
        for (name, handler) in &self.handlers {
            handler.limits.resolve(general, bounds, &format!("handlers.{name}.limits"))?;
        }
        for (name, source) in &self.sources {
            source.check(name)?;
        }
        for (name, stream) in &self.streams {
            stream.check(name)?;
        }
        self.degradation.check()?;
        self.breaker.check()?;
        self.decoder.check()?;
        self.recording.check()?;
        self.uploads.check()?;
        self.http.check()?;
        for host in &self.server.hosts {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
            ensure!(
                !host.is_empty() && host.bytes().all(fits),
                "server.hosts: {host:?} is not a name; give one like video.example.org, without a port"
            );
        }
        self.quotas.check()?;
        self.webrtc.check()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_and_wrong_values_are_rejected_by_name() {
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
            ("[server]\npolicy = \"always\"", "unknown variant `always`, expected one of `latest`"),
            ("[ladder]\nsteps = [\"jump\"]", "unknown variant `jump`, expected one of `skip-more`"),
            ("[breaker]\nfaults = 0", "breaker.faults must be within"),
            ("[handlers.a.limits]\ncall_ms = 90000", "handlers.a.limits.call_ms is 90000: at most 10000"),
            ("[webrtc]\nfirst_port = 5000", "go together"),
            ("[webrtc]\nports = 5000", "unknown field `ports`"),
            ("[encoder]\nstart_kbps = 9000", "encoder.start_kbps must be within"),
            ("[handlers.a]\nfile = \"a.wasm\"", "unknown field `file`"),
            ("[recording]\nmax_file_mib = 0", "recording.max_file_mib must be within"),
            ("[recording]\nmax_total_mib = 100", "recording.max_total_mib must be at least"),
            (
                "[sources.a]\npath = \"a.mp4\"",
                "unknown field `path`, expected one of `file`, `url`, `loop`, `handlers`",
            ),
            ("[ffmpeg]\nprogram = \"x\"", "unknown field `program`, expected `enabled` or `path`"),
            ("[uploads]\ncompile_mib = 1", "uploads.compile_mib must be within"),
            ("[http]\nconnections = 0", "http.connections must be within"),
            ("[http]\nconnections_per_address = 0", "http.connections_per_address must be within"),
            ("[http]\nproxies = [\"proxy\"]", "invalid IP address"),
            ("[server]\nhosts = [\"https://a.example\"]", "server.hosts: \"https://a.example\" is not a name"),
            ("[sources.a]\nhandlers = [\"play\"]", "sources.a needs a file or a url"),
            ("[sources.a]\nfile = \"a\"\nurl = \"http://a\"\nhandlers = [\"play\"]", "and not both"),
            ("[sources.a]\nfile = \"a.mp4\"", "sources.a.handlers must name"),
            ("[sources.a]\nurl = \"file:///etc/passwd\"\nhandlers = [\"play\"]", "sources.a.url must be an address"),
            ("[sources.\"../a\"]\nfile = \"a\"\nhandlers = [\"play\"]", "is wrong: use letters"),
            ("[streams.a]", "streams.a.input is missing"),
            ("[streams.\"a/b\"]\ninput = \"clock\"", "letters, digits"),
            ("[streams.a]\ninput = \"door.mp4\"", "streams.a"),
            ("[streams.a]\ninput = \"clock\"\nidle_s = 1000000", "streams.a.idle_s must be at most"),
        ] {
            assert!(error(text).contains(words), "{text}: {}", error(text));
        }
    }

    #[test]
    fn a_source_is_read() {
        let text = "[sources.a]\nfile = \"a.mp4\"\nloop = true\nhandlers = [\"play\"]";
        let config: Config = toml::from_str(text).unwrap();
        config.check().unwrap();
        let source = &config.sources["a"];
        assert!(source.looped && source.handlers == ["play"] && source.file.as_deref() == Some(Path::new("a.mp4")));
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config: Config = toml::from_str("").unwrap();
        config.check().unwrap();
        assert!(config.server.bind.ip().is_loopback());
    }
}

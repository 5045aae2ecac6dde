//! The application's state: everything that a request may need, put together from the configuration.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use framebox_catalog::Catalog;
use framebox_catalog::data_dir::DataDir;
use framebox_media::Codec;
use framebox_pipeline::node::{Node, admission, host_memory};
use framebox_rtc as rtc;
use framebox_sandbox::{Engine, Guests};
use framebox_worker::{Isolation, Workers};

use crate::config::{self, Config};
use crate::ice_servers::IceServers;
use crate::media_port;
use crate::recording::Recordings;
use crate::sessions::Sessions;
use crate::sessions::follower::VersionFollower;
use crate::sessions::offer::Answerer;
use crate::sources::{self, SourceRegistry};
use crate::streams::Streams;

/// The application's state.
pub struct App {
    /// The handlers.
    pub catalog: Arc<Catalog>,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    /// Answers offers.
    pub answerer: Arc<Answerer>,
    /// The streams.
    pub streams: Streams,
    /// What clients are told of STUN and TURN servers.
    pub ice_servers: IceServers,
}

impl App {
    /// Loads the handlers and sets up the transport. Sessions run where `workers` says.
    ///
    /// # Errors
    /// Names the part of the configuration that is not available.
    pub fn new(config: &Config, data_dir: DataDir, workers: Workers) -> anyhow::Result<Self> {
        let (guests, instances) = match workers.isolation() {
            // One instance a session; two while another version takes over; one more to load a component.
            Isolation::Thread => (Guests::Here, config.server.sessions + config.server.sessions.div_ceil(4) + 2),
            Isolation::Process => (Guests::Elsewhere, 1),
        };
        media_port::check(&config.webrtc)?;
        let engine = Engine::new(&framebox_sandbox::Settings {
            instances,
            memory: config.defaults().most_memory(),
            tick: Duration::from_millis(1),
            guests,
        })
        .context("the sandbox cannot be set up")?;
        let recordings = recordings(config, &data_dir)?;
        let folder = data_dir.scratch()?;
        let catalog = Arc::new(Catalog::start(&engine, config.defaults(), data_dir)?);
        let sessions = Arc::new(Sessions::new(config.server.sessions));
        let memory = memory(&config.server);
        let defaults = Arc::new(config.session_defaults(memory));
        let limits = sources::Limits { folder, ..sources::Limits::default() };
        let ffmpeg = config.ffmpeg.find(config.program.as_deref());
        match &ffmpeg {
            Ok(ffmpeg) => tracing::info!(path = %ffmpeg.path().display(), "ffmpeg reads what is not read here"),
            Err(failure) => tracing::info!("some videos and cameras cannot be read: {failure}"),
        }
        let sources = SourceRegistry::new(&config.sources, &limits, ffmpeg.clone())?;
        let answerer = Arc::new(Answerer {
            catalog: catalog.clone(),
            sessions: sessions.clone(),
            transport: rtc::transport(transport_settings(config)),
            encoder: config.encoder.clone(),
            follower: VersionFollower::new(catalog.clone(), defaults.clone(), sources.clone(), workers.clone()),
            workers,
            sources,
            defaults,
            disconnect_timeout: config.webrtc.disconnect_timeout(),
            node: node(&config.server, memory),
        });
        let streams =
            Streams::new(answerer.clone(), ffmpeg, recordings, &config.streams, config.server.viewers as usize)?;
        Ok(Self { catalog, sessions, answerer, streams, ice_servers: IceServers::new(&config.webrtc) })
    }
}

/// Where recordings are kept: in the folder that was configured, else in the data directory if that outlives the program.
fn recordings(config: &Config, data_dir: &DataDir) -> anyhow::Result<Option<Arc<Recordings>>> {
    let folder = config.recording.folder.clone();
    let Some(folder) = folder.or_else(|| Some(data_dir.persistent()?.join("recordings"))) else { return Ok(None) };
    let shown = folder.display().to_string();
    let recordings = Recordings::new(folder, config.recording.limits());
    Ok(Some(Arc::new(recordings.with_context(|| format!("recordings cannot be kept in {shown}"))?)))
}

fn transport_settings(config: &Config) -> rtc::Settings {
    rtc::Settings {
        udp_ports: config.webrtc.ports(),
        udp_port: config.webrtc.port,
        tcp: config.webrtc.tcp,
        addresses: config.webrtc.addresses.clone(),
        public_addresses: config.webrtc.public_addresses.clone(),
        ice_servers: config.webrtc.ice_servers.clone(),
        codecs: codecs(&config.webrtc),
        max_bitrate: config.encoder.max_kbps * 1000,
        start_bitrate: config.encoder.start_kbps * 1000,
        disconnect_timeout: config.webrtc.disconnect_timeout(),
    }
}

/// The codecs that are taken; says so in the log where one of them cannot be.
fn codecs(webrtc: &config::WebRtc) -> Vec<Codec> {
    let codecs = webrtc.codecs.clone();
    for (codec, missing) in codecs.iter().filter_map(|codec| Some((codec, codec.missing()?))) {
        tracing::info!("clients that offer only {} are refused: this server {missing}", codec.rtp_format().name);
    }
    codecs
}

/// What all sessions may hold together, bytes.
fn memory(server: &config::Server) -> u64 {
    match server.memory_mib {
        Some(0) => u64::MAX,
        Some(mib) => mib.saturating_mul(1 << 20),
        None => host_memory::capacity().unwrap_or(u64::MAX),
    }
}

fn node(server: &config::Server, memory: u64) -> Option<Arc<Node>> {
    Some(match server.capacity_ms {
        Some(0) => Node::new(admission::Settings { capacity_ms: f64::INFINITY, ..Default::default() }, memory),
        Some(ms) => Node::new(admission::Settings { capacity_ms: f64::from(ms), ..Default::default() }, memory),
        None => Node::of_machine(admission::Settings::default(), memory),
    })
}

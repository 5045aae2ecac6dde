//! The server put together: engine, catalog, sessions and transport; and its run from start to end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use axum::http::HeaderValue;
use framebox_media::{Codec, encode};
use framebox_pipeline::node::{self, Node};
use framebox_pipeline::policy::{Policy, Skipping, Unprocessed};
use framebox_pipeline::{Connections, Session, Setup, admission};
use framebox_sandbox::{Engine, Kind};
use tokio::net::TcpListener;

use crate::config::{self, Config};
use crate::sessions::bridge::Bridge;
use crate::sessions::follow::Guide;
use crate::sessions::{Full, Live, Sessions};
use crate::sources::{self, Library};
use framebox_auth::{Auth, audit};
use framebox_catalog::data_dir::DataDir;
use framebox_catalog::{self as catalog, Catalog, LoadedVersion};
use framebox_rtc::{self as rtc, Direction, Transport};

/// Time that sessions are given to end when the server stops.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// What every request sees.
pub struct App {
    /// The handlers.
    pub catalog: Arc<Catalog>,
    /// The sessions.
    pub sessions: Arc<Sessions>,
    transport: Box<dyn Transport>,
    encoder: config::Encoder,
    library: Library,
    guide: Arc<Guide>,
    /// Admits sessions by what they cost; none: as many as there are slots.
    node: Option<Arc<Node>>,
}

/// What an offer asks for beside the connection.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Name of the handler; none: the default one.
    pub handler: Option<String>,
    /// Frames a second of a generator, within [`framebox_pipeline::pacer::RATES`]; none: what the handler says.
    pub fps: Option<f32>,
    /// Which frames are skipped; none: what holds for the handler.
    pub skipping: Option<Skipping>,
    /// What is shown for a frame without a result; none: what holds for the handler.
    pub unprocessed: Option<Unprocessed>,
}

/// Why an offer was not answered.
#[derive(Debug)]
pub enum Unanswered {
    /// There is no such handler, or it cannot be loaded.
    Handler(catalog::Error),
    /// There is no slot.
    Full(Full),
    /// Those that run already use what the machine has.
    Overloaded(node::Full),
    /// The offer is wrong, has nothing that the server could take part in, or no connection can be had.
    Peer(rtc::Error),
    /// The session could not be started.
    Start(framebox_pipeline::session::Error),
}

impl App {
    /// Loads the handlers and sets up the transport.
    ///
    /// # Errors
    /// What of the configuration cannot be had.
    pub fn new(config: &Config, home: DataDir) -> anyhow::Result<Self> {
        let engine = Engine::new(&framebox_sandbox::Settings {
            // A session has one instance; while a fresh one takes over, two; loading one needs one more.
            instances: config.server.sessions + config.server.sessions.div_ceil(4) + 2,
            memory: config.defaults().most_memory(),
            tick: Duration::from_millis(1),
        })
        .context("the sandbox cannot be set up")?;
        let folder = home.scratch()?;
        let catalog = Arc::new(Catalog::start(&engine, config.defaults(), home)?);
        let library = Library::new(&config.sources, &sources::Limits { folder, ..sources::Limits::default() })?;
        let transport = rtc::transport(rtc::Settings {
            udp_ports: config.webrtc.first_port.zip(config.webrtc.last_port).map(|(first, last)| first..=last),
            addresses: config.webrtc.addresses.clone(),
            ice_servers: config.webrtc.ice_servers.clone(),
            max_bitrate: config.encoder.max_kbps * 1000,
            start_bitrate: config.encoder.start_kbps * 1000,
        });
        let sessions = Arc::new(Sessions::new(config.server.sessions));
        let node = match config.server.capacity_ms {
            Some(0) => None,
            Some(ms) => Some(Node::new(admission::Settings { capacity_ms: f64::from(ms), ..Default::default() })),
            None => Some(Node::of_machine(admission::Settings::default())),
        };
        let guide = Guide::new(catalog.clone());
        Ok(Self { catalog, sessions, transport, encoder: config.encoder.clone(), library, guide, node })
    }

    /// Answers an offer; the session lives on by itself. A slot is held only when this succeeds.
    pub async fn answer(&self, id: &str, wishes: &Wishes, offer: &str) -> Result<String, Unanswered> {
        let entry = self.catalog.open(wishes.handler.as_deref()).await.map_err(Unanswered::Handler)?;
        let name = entry.version().name.clone();
        let name = name.as_str();
        let reservation = self.sessions.reserve(id).map_err(Unanswered::Full)?;
        let digest = entry.component.digest().to_string();
        let place = self.node.as_ref().map(|node| node.admit(Instant::now(), &digest)).transpose();
        let place = place.map_err(Unanswered::Overloaded)?;
        let bridge = Arc::new(Bridge::default());
        let direction = match entry.component.kind() {
            Kind::Transform => Direction::SendReceive,
            Kind::Generator => Direction::SendOnly,
            Kind::Observer => Direction::ReceiveOnly,
        };
        let connections = Connections { viewer: bridge.clone(), upstream: bridge.clone(), events: bridge.clone() };
        let (answer, peer) = self.transport.answer(offer, direction, bridge.clone()).await.map_err(Unanswered::Peer)?;
        let session = match Session::start(Setup { place, ..self.setup(name, &entry, wishes, &bridge) }, connections) {
            Ok(session) => session,
            Err(error) => {
                peer.close().await;
                return Err(Unanswered::Start(error));
            }
        };
        bridge.set_up(peer.clone(), session);
        tracing::info!(session = id, handler = name, version = entry.version().number, "answered");
        let live = Arc::new(Live::new(id.to_owned(), name.to_owned(), entry, bridge));
        tokio::spawn(self.guide.clone().accompany(live.clone()));
        for candidate in reservation.fill(&self.sessions, live) {
            // It was taken on trust before the offer was there; a wrong one only does not help.
            if let Err(error) = peer.add_candidate(candidate).await {
                tracing::debug!(%error, "an early candidate was not taken");
            }
        }
        Ok(answer)
    }

    /// What sessions use and may use of the machine, ms of CPU a second; none when that is not limited.
    pub fn load(&self) -> Option<admission::Load> {
        self.node.as_ref().map(|node| node.load(Instant::now()))
    }

    fn setup(&self, name: &str, entry: &LoadedVersion, wishes: &Wishes, bridge: &Arc<Bridge>) -> Setup {
        Setup {
            component: entry.component.clone(),
            fps: wishes.fps,
            codec: Codec::H264,
            limits: entry.limits.clone(),
            encode: encode::Settings {
                bitrate: self.encoder.start_kbps * 1000,
                max_bitrate: self.encoder.max_kbps * 1000,
                ..encode::Settings::default()
            },
            log: bridge.clone(),
            sources: self.library.granted(name),
            policy: Policy {
                skipping: wishes.skipping.unwrap_or(entry.policy.skipping),
                unprocessed: wishes.unprocessed.unwrap_or(entry.policy.unprocessed),
            },
            budgets: entry.budgets.clone(),
            place: None,
        }
    }
}

/// Serves until `stop`, then ends every session.
///
/// # Errors
/// When the address cannot be had, or the configuration is wrong.
pub async fn serve(config: Config, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<()> {
    let bind = config.server.bind;
    let home = DataDir::open(config.server.data.as_deref())?;
    let auth = Arc::new(Auth::open(home.kept(), &config.server.allow_anyone, bind)?);
    let listener = TcpListener::bind(bind)
        .await
        .with_context(|| format!("cannot listen on {bind}; choose another address with --bind"))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let origins: Vec<HeaderValue> = config
        .server
        .origins
        .iter()
        .map(|origin| origin.parse().with_context(|| format!("server.origins: {origin:?} is not an origin")))
        .collect::<anyhow::Result<_>>()?;
    let app = Arc::new(tokio::task::spawn_blocking(move || App::new(&config, home)).await.context("loading failed")??);
    if !address.ip().is_loopback() {
        tracing::warn!("{address} can be reached from elsewhere: tokens and cameras access HTTPS in front of it");
    }
    println!("Framebox is ready: open http://{address} in a browser. Ctrl-C ends it.");
    let log = auth.audit.clone();
    app.catalog.on_taken_back(Box::new(move |version, _| {
        let entry = audit::Entry {
            who: "framebox".to_owned(),
            from: None,
            what: audit::Action::Rollback,
            name: version.name.clone(),
            version: Some(version.number),
            digest: Some(version.digest.to_string()),
            outcome: "done",
            status: None,
        };
        log.write(&entry, SystemTime::now());
    }));
    let router = crate::http::router(app.clone(), auth, &origins);
    let sessions = app.sessions.clone();
    // Sessions end first: the streams of their outputs end with them, and only then have all requests been answered.
    let stop = async move {
        stop.await;
        if tokio::time::timeout(SHUTDOWN, sessions.close()).await.is_err() {
            tracing::warn!("some sessions did not end in time");
        }
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await.context("the HTTP server failed")
}

/// Resolves when the program is asked to stop: Ctrl-C, or the signal TERM.
pub async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

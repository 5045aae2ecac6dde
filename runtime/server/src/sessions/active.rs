//! A session whose offer was answered: it is supervised until it ends, and then everything that it held is freed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_catalog::LoadedVersion;
use framebox_media::Codec;
use framebox_pipeline::session::history::Row;
use framebox_pipeline::{Notice, SessionEvents, Severity};
use framebox_rtc::Peer;
use framebox_sandbox::Kind;
use framebox_worker::RunningSession;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, sleep_until, timeout};

use super::connection::Connection;
use super::control::{Control, Watched};
use super::lifecycle::{HANDSHAKE, Phase};
use super::media_ports::MediaPorts;
use super::restart::Restarts;
use super::watchdog::{Finding, Watchdog};
use crate::protocol::{
    self, CallBudget, HandlerMessage, Message, SessionIntroduction, SessionReport, SessionSummary, Subscription,
};

/// Time for a last message to leave before the connection is closed.
const FAREWELL: Duration = Duration::from_millis(200);
/// Longest time for closing a connection.
const CLOSING: Duration = Duration::from_secs(3);

/// One session.
pub struct ActiveSession {
    /// The client's `webrtc_id`; of a stream's session a random one.
    pub id: String,
    /// Name of its handler.
    pub handler: String,
    /// Whose voice its failures are: [`Owner::witness`](super::owner::Owner::witness).
    pub witness: String,
    /// The version that runs.
    entry: Mutex<LoadedVersion>,
    begin: Instant,
    connection: Arc<Connection>,
    /// What offer and answer said; none of a stream's session.
    negotiated: Option<Negotiated>,
    /// What keeps peer and pipeline alive; none once both are over.
    running: Mutex<Option<Running>>,
    stop: Notify,
}

/// What offer and answer said.
pub struct Negotiated {
    /// The codec of the video.
    codec: Codec,
    /// Later offers.
    restarts: Arc<Restarts>,
    /// Where the client was told to connect.
    ports: MediaPorts,
}

impl Negotiated {
    /// Reads an offer and its answer.
    pub fn new(offer: &str, answer: &str, codec: Codec) -> Self {
        Self { codec, restarts: Arc::new(Restarts::new(offer)), ports: MediaPorts::of(answer) }
    }
}

/// The client of a session that is at both of its ends.
pub struct Client {
    /// The connection.
    pub peer: Arc<dyn Peer>,
    /// What was negotiated.
    pub negotiated: Negotiated,
}

/// The ends of a session.
struct Running {
    peer: Option<Arc<dyn Peer>>,
    session: Arc<RunningSession>,
}

impl ActiveSession {
    /// Creates a session of `handler` and connects its ends. Without a client it is a stream's: it starts at once, and ends
    /// when it is stopped.
    pub fn new(
        (id, handler): (&str, &str),
        witness: String,
        entry: LoadedVersion,
        connection: Arc<Connection>,
        client: Option<Client>,
        session: RunningSession,
    ) -> Self {
        let (peer, negotiated) = client.map(|client| (client.peer, client.negotiated)).unzip();
        let running = Running { peer, session: Arc::new(session) };
        connection.connect(running.peer.as_ref(), &running.session);
        Self {
            id: id.to_owned(),
            handler: handler.to_owned(),
            witness,
            entry: Mutex::new(entry),
            negotiated,
            begin: Instant::now(),
            connection,
            running: Mutex::new(Some(running)),
            stop: Notify::new(),
        }
    }

    /// Returns the version that runs.
    pub fn entry(&self) -> LoadedVersion {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records that another version runs.
    pub fn replace_entry(&self, entry: LoadedVersion) {
        *self.entry.lock().unwrap_or_else(PoisonError::into_inner) = entry;
    }

    /// Sends the viewer the version that runs from the frame `sequence` on, in place of version `from`.
    pub fn send_swapped(&self, from: u64, sequence: u64) {
        let entry = self.entry();
        let version = entry.version();
        let parameters = self.session().map(|session| session.parameters()).unwrap_or_default();
        let swapped =
            HandlerMessage { handler: version.summary(), parameters, from, version: version.number, sequence };
        self.control().tell(&Message::Swapped(swapped));
    }

    /// Sends the viewer a warning or an error.
    pub fn notice(&self, severity: Severity, code: &'static str, message: String) {
        self.control().tell(&Message::notice(&Notice { severity, code, message, request: None }));
    }

    /// Returns the control of the session.
    pub fn control(&self) -> &Arc<Control> {
        self.connection.control()
    }

    /// Returns the pipeline; `None` once it is over.
    pub fn session(&self) -> Option<Arc<RunningSession>> {
        self.running().as_ref().map(|running| running.session.clone())
    }

    /// Returns the peer at both ends; `None` once it is gone, and of a stream's session.
    pub fn peer(&self) -> Option<Arc<dyn Peer>> {
        self.running().as_ref()?.peer.clone()
    }

    /// Returns what connects its ends.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what is known of later offers; `None` of a stream's session.
    pub fn restarts(&self) -> Option<&Arc<Restarts>> {
        self.negotiated.as_ref().map(|negotiated| &negotiated.restarts)
    }

    /// Returns when the offer was answered.
    pub fn begin(&self) -> Instant {
        self.begin
    }

    /// Asks the session to end.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Returns the state of the connection.
    pub fn phase(&self) -> Phase {
        self.control().watch().borrow().life.phase()
    }

    /// Returns the session's line in a list.
    pub fn summary(&self) -> SessionSummary {
        SessionSummary {
            id: self.id.clone(),
            handler: self.handler.clone(),
            state: self.phase(),
            age_ms: self.begin.elapsed().as_millis() as u64,
        }
    }

    /// Returns the session with its statistics; `None` once its pipeline is gone.
    pub async fn report(&self) -> Option<SessionReport> {
        let session = self.session()?;
        let stats = session.stats().await?;
        let entry = self.entry();
        Some(SessionReport {
            summary: self.summary(),
            digest: entry.component.digest(),
            version: entry.version().number,
            codec: self.negotiated.as_ref().map(|negotiated| negotiated.codec.rtp_format().encoding_name),
            budget: CallBudget::from(&entry.limits),
            running: protocol::Running {
                stats,
                bitrate_bps: session.bitrate(),
                fps: session.fps(),
                parameters: session.parameters(),
            },
        })
    }

    /// Returns the recent frames since `cursor`, and advances it.
    async fn frames(&self, cursor: &mut u64) -> Vec<Row> {
        let Some(session) = self.session() else { return Vec::new() };
        let (rows, next) = session.frames(*cursor).await;
        *cursor = next;
        rows
    }

    /// Returns the message that describes the session, as it is sent.
    pub fn introduction(&self) -> String {
        let parameters = self.session().map(|session| session.parameters()).unwrap_or_default();
        let entry = self.entry();
        let data = SessionIntroduction { id: &self.id, handler: entry.version().summary(), parameters };
        Message::Session { data }.to_text()
    }

    /// Returns the message with the statistics, as it is sent, with the frames since `cursor` if they are wanted; `None` once
    /// the pipeline is gone.
    pub async fn stats_message(&self, wanted: Subscription, cursor: &mut u64) -> Option<String> {
        let frames = match wanted.frames {
            true => Some(self.frames(cursor).await),
            false => None,
        };
        Some(Message::Stats { data: Box::new(self.report().await?), frames }.to_text())
    }

    /// Supervises the session until it is over; returns the reason.
    pub async fn run(&self) -> String {
        let mut watch = self.control().watch();
        let mut introductions = 0;
        let mut next_stats = None;
        let mut cursor = 0;
        let mut started = false;
        let mut watchdog: Option<Watchdog> = None;
        loop {
            let watched = watch.borrow_and_update().clone();
            let now = Instant::now();
            if !started && watched.life.phase() == Phase::Live {
                // The first moment at which something is spent on the handler: the peer has shown that it is there.
                started = true;
                if let Err(reason) = self.start().await {
                    return reason;
                }
                self.control().started();
                watchdog = self.has_camera().then(|| Watchdog::new(Instant::now()));
            }
            if let (Some(watchdog), Phase::Live, Some(peer)) = (&mut watchdog, watched.life.phase(), self.peer())
                && now >= watchdog.deadline()
            {
                match watchdog.look(now, peer.stats()) {
                    Finding::Nothing => {}
                    Finding::Warning { code, message } => {
                        peer.request_keyframe();
                        self.notice(Severity::Warning, code, message.to_owned());
                    }
                    Finding::Over(reason) => return reason.to_owned(),
                }
            }
            if let Some(reason) = watched.ended {
                self.wait_for_viewer(&mut watch).await;
                return reason;
            }
            if let Some(end) = watched.life.over(now) {
                let checks = self.peer().map_or(0, |peer| peer.stats().checks_received);
                return end.reason(checks, self.negotiated.as_ref().map(|negotiated| &negotiated.ports));
            }
            if watched.introductions != introductions {
                introductions = watched.introductions;
                self.control().send_text(self.introduction());
                next_stats = Some(now);
            }
            if let (Some(at), Some(wanted)) = (next_stats, watched.wanted)
                && now >= at
            {
                if let Some(stats) = self.stats_message(wanted, &mut cursor).await {
                    self.control().send_text(stats);
                }
                next_stats = Some(now + Duration::from_millis(wanted.stats_ms));
            }
            let looks = watchdog.filter(|_| watched.life.phase() == Phase::Live).map(|watchdog| watchdog.deadline());
            let wake = next_stats.into_iter().chain(watched.life.deadline()).chain(looks).min();
            let timer = async {
                match wake {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = timer => {}
                changed = watch.changed() => if changed.is_err() { return "the session was dropped".to_owned() },
                () = self.stop.notified() => return "the session was stopped".to_owned(),
            }
        }
    }

    /// Returns whether its handler works on what its client's camera sends.
    fn has_camera(&self) -> bool {
        self.entry().component.kind() != Kind::Generator && self.peer().is_some()
    }

    /// Starts the pipeline.
    async fn start(&self) -> Result<(), String> {
        let Some(session) = self.session() else { return Ok(()) };
        let begin = Instant::now();
        self.connection.start(&session).await.map_err(|error| {
            tracing::error!(session = self.id, %error, "a session could not be started");
            format!("the session could not be started: {error}")
        })?;
        tracing::debug!(session = self.id, ms = begin.elapsed().as_millis(), "session started");
        Ok(())
    }

    /// Waits until a viewer can receive why the session ended. A handler that fails at its start does so before anyone is
    /// connected.
    async fn wait_for_viewer(&self, watch: &mut watch::Receiver<Watched>) {
        if self.peer().is_none() {
            return;
        }
        let reachable = watch.wait_for(|watched| watched.open || watched.life.phase() == Phase::Ended);
        tokio::select! {
            _ = timeout(HANDSHAKE, reachable) => {}
            () = self.stop.notified() => {}
        }
    }

    /// Sends `reason`, closes the connection and waits until the pipeline has ended, which takes at most as long as the
    /// handler's longest call.
    pub async fn close(&self, reason: &str) {
        let ends = self.session().is_some_and(|session| session.end());
        self.control().outputs().end(reason);
        if let Some(peer) = self.peer() {
            if self.phase() == Phase::Live {
                self.control().send(&Message::EndStream { data: reason });
                sleep(FAREWELL).await;
            }
            if timeout(CLOSING, peer.close()).await.is_err() {
                tracing::warn!(session = self.id, "dropping a connection that took too long to close");
            }
        }
        if !ends {
            // No pipeline says so: it was never started.
            self.control().ended(reason);
        } else {
            let mut watch = self.control().watch();
            // The sender lives in the control, which this session holds: waiting cannot fail.
            let _ = watch.wait_for(|watched| watched.ended.is_some()).await;
        }
        let running = self.running().take();
        drop(running);
    }
}

//! A session whose offer was answered: it is supervised until it ends, and then everything that it held is freed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use framebox_catalog::LoadedVersion;
use framebox_media::Codec;
use framebox_pipeline::session::history::Row;
use framebox_pipeline::{Notice, Severity};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, sleep_until, timeout};

use super::bridge::{Bridge, Watched};
use super::lifecycle::{HANDSHAKE, Phase};
use crate::protocol::{
    CallBudget, HandlerMessage, Message, Running, SessionIntroduction, SessionReport, SessionSummary,
};

/// Time for a last message to leave before the connection is closed.
const FAREWELL: Duration = Duration::from_millis(200);
/// Longest time for closing a connection.
const CLOSING: Duration = Duration::from_secs(3);

/// One session.
pub struct ActiveSession {
    /// The client's `webrtc_id`.
    pub id: String,
    /// Name of its handler.
    pub handler: String,
    /// The version that runs.
    entry: Mutex<LoadedVersion>,
    /// The codec of its video.
    codec: Codec,
    begin: Instant,
    bridge: Arc<Bridge>,
    stop: Notify,
}

impl ActiveSession {
    /// Creates a session of `handler` whose bridge is connected on both sides.
    pub fn new(id: String, handler: String, entry: LoadedVersion, codec: Codec, bridge: Arc<Bridge>) -> Self {
        Self { id, handler, entry: Mutex::new(entry), codec, begin: Instant::now(), bridge, stop: Notify::new() }
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
        let parameters = self.bridge.session().map(|session| session.parameters()).unwrap_or_default();
        let swapped =
            HandlerMessage { handler: version.summary(), parameters, from, version: version.number, sequence };
        self.bridge.tell(&Message::Swapped(swapped));
    }

    /// Sends the viewer a warning or an error.
    pub fn notice(&self, severity: Severity, code: &'static str, message: String) {
        self.bridge.tell(&Message::notice(&Notice { severity, code, message, request: None }));
    }

    /// Returns the bridge between peer and pipeline.
    pub fn bridge(&self) -> &Arc<Bridge> {
        &self.bridge
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
        self.bridge.watch().borrow().life.phase()
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
    pub fn report(&self) -> Option<SessionReport> {
        let session = self.bridge.session()?;
        let entry = self.entry();
        Some(SessionReport {
            summary: self.summary(),
            digest: entry.component.digest(),
            version: entry.version().number,
            codec: self.codec.rtp_format().encoding_name,
            budget: CallBudget::from(&entry.limits),
            running: Running {
                stats: session.stats(),
                bitrate_bps: session.bitrate(),
                fps: session.fps(),
                parameters: session.parameters(),
            },
        })
    }

    /// Returns the recent frames since `cursor`, and advances it.
    fn frames(&self, cursor: &mut u64) -> Vec<Row> {
        let (rows, next) = self.bridge.session().map(|session| session.frames(*cursor)).unwrap_or_default();
        *cursor = next;
        rows
    }

    fn send_introduction(&self) {
        let parameters = self.bridge.session().map(|session| session.parameters()).unwrap_or_default();
        let entry = self.entry();
        let data = SessionIntroduction { id: &self.id, handler: entry.version().summary(), parameters };
        self.bridge.tell(&Message::Session { data });
    }

    fn send_stats(&self, frames: Option<Vec<Row>>) {
        if let Some(report) = self.report() {
            self.bridge.tell(&Message::Stats { data: Box::new(report), frames });
        }
    }

    /// Supervises the session until it is over; returns the reason.
    pub async fn run(&self) -> String {
        let mut watch = self.bridge.watch();
        let mut introductions = 0;
        let mut next_stats = None;
        let mut cursor = 0;
        loop {
            let watched = watch.borrow_and_update().clone();
            let now = Instant::now();
            if let Some(reason) = watched.ended {
                self.wait_for_viewer(&mut watch).await;
                return reason;
            }
            if let Some(reason) = watched.life.over(now) {
                return reason.to_owned();
            }
            if watched.introductions != introductions {
                introductions = watched.introductions;
                self.send_introduction();
                next_stats = Some(now);
            }
            if let (Some(at), Some(wanted)) = (next_stats, watched.wanted)
                && now >= at
            {
                let frames = wanted.frames.then(|| self.frames(&mut cursor));
                self.send_stats(frames);
                next_stats = Some(now + Duration::from_millis(wanted.stats_ms));
            }
            let wake = next_stats.into_iter().chain(watched.life.deadline()).min();
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

    /// Waits until a viewer can receive why the session ended. A handler that fails at its start does so before anyone is
    /// connected.
    async fn wait_for_viewer(&self, watch: &mut watch::Receiver<Watched>) {
        let reachable = watch.wait_for(|watched| watched.open || watched.life.phase() == Phase::Ended);
        tokio::select! {
            _ = timeout(HANDSHAKE, reachable) => {}
            () = self.stop.notified() => {}
        }
    }

    /// Sends `reason`, closes the connection and waits until the pipeline has ended, which takes at most as long as the
    /// handler's longest call.
    pub async fn close(&self, reason: &str) {
        if let Some(session) = self.bridge.session() {
            session.end();
        }
        self.bridge.outputs().end(reason);
        if let Some(peer) = self.bridge.peer() {
            if self.phase() == Phase::Live {
                self.bridge.tell(&Message::EndStream { data: reason });
                sleep(FAREWELL).await;
            }
            if timeout(CLOSING, peer.close()).await.is_err() {
                tracing::warn!(session = self.id, "dropping a connection that took too long to close");
            }
        }
        let mut watch = self.bridge.watch();
        // The sender lives in the bridge, which this session still holds: waiting cannot fail.
        let _ = watch.wait_for(|watched| watched.ended.is_some()).await;
        self.bridge.take_down();
    }
}

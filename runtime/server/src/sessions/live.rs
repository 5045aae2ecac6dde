//! A session that was answered: it is watched over until it ends, and then all that it held is freed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use framebox_pipeline::ring::Row;
use framebox_pipeline::{Notice, Severity};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, sleep_until, timeout};

use crate::channel;
use framebox_catalog::LoadedVersion;

use super::bridge::{Bridge, Watched};
use super::lifecycle::{HANDSHAKE, Phase};

/// Time that a last message is given to leave before the connection is closed.
const FAREWELL: Duration = Duration::from_millis(200);
/// Time that closing a connection may take.
const CLOSING: Duration = Duration::from_secs(3);

/// One session.
pub struct Live {
    /// The client's `webrtc_id`.
    pub id: String,
    /// Name of its handler.
    pub handler: String,
    /// The version that runs.
    entry: Mutex<LoadedVersion>,
    begin: Instant,
    bridge: Arc<Bridge>,
    stop: Notify,
}

impl Live {
    /// A session of `handler`, both sides of whose bridge are set.
    pub fn new(id: String, handler: String, entry: LoadedVersion, bridge: Arc<Bridge>) -> Self {
        Self { id, handler, entry: Mutex::new(entry), begin: Instant::now(), bridge, stop: Notify::new() }
    }

    /// What runs.
    pub fn entry(&self) -> LoadedVersion {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something else runs.
    pub fn replace_entry(&self, entry: LoadedVersion) {
        *self.entry.lock().unwrap_or_else(PoisonError::into_inner) = entry;
    }

    /// Tells the viewer that from the frame `sequence` on another version runs than `from`.
    pub fn tell_swapped(&self, from: u64, sequence: u64) {
        let entry = self.entry();
        let version = entry.version();
        let parameters = self.bridge.session().map(|session| session.parameters()).unwrap_or_default();
        let handler = serde_json::to_value(version.summary()).unwrap_or_default();
        self.bridge.tell(&channel::swapped(handler, parameters, from, version.number, sequence));
    }

    /// Tells the viewer something.
    pub fn notice(&self, severity: Severity, code: &'static str, message: String) {
        self.bridge.tell(&channel::notice(&Notice { severity, code, message, request: None }));
    }

    /// The bridge between peer and pipeline.
    pub fn bridge(&self) -> &Arc<Bridge> {
        &self.bridge
    }

    /// When its offer was answered.
    pub fn begin(&self) -> Instant {
        self.begin
    }

    /// Asks the session to end.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Where the peer stands.
    pub fn phase(&self) -> Phase {
        self.bridge.watch().borrow().life.phase()
    }

    /// The line of `GET /sessions`.
    pub fn summary(&self) -> Value {
        let age_ms = self.begin.elapsed().as_millis() as u64;
        json!({ "id": self.id, "handler": self.handler, "state": self.phase(), "age_ms": age_ms })
    }

    /// The whole of `GET /sessions/{id}`.
    pub fn stats(&self) -> Value {
        let mut json = self.bridge.session().map_or_else(
            || json!({}),
            |session| {
                let mut json = serde_json::to_value(session.stats()).unwrap_or_else(|_| json!({}));
                json["bitrate_bps"] = session.bitrate().into();
                json["fps"] = session.fps().into();
                json["parameters"] = session.parameters().into();
                json
            },
        );
        if let (Value::Object(all), Value::Object(summary)) = (&mut json, self.summary()) {
            all.extend(summary);
        }
        let entry = self.entry();
        json["digest"] = entry.component.digest().to_string().into();
        json["version"] = entry.version().number.into();
        json["codec"] = "H264".into();
        let limits = &entry.limits;
        json["budget"] = json!({
            "call_ms": limits.call.time.as_secs_f64() * 1e3,
            "call_fuel": limits.call.fuel,
            "memory_bytes": limits.memory,
        });
        json
    }

    /// The recent frames since `cursor`, which moves on.
    fn frames(&self, cursor: &mut u64) -> Vec<Row> {
        let (rows, next) = self.bridge.session().map(|session| session.frames(*cursor)).unwrap_or_default();
        *cursor = next;
        rows
    }

    /// Watches over the session until it is over; returns the reason.
    pub async fn run(&self) -> String {
        let mut watch = self.bridge.watch();
        let mut introductions = 0;
        let mut next_stats = None;
        let mut cursor = 0;
        loop {
            let watched = watch.borrow_and_update().clone();
            let now = Instant::now();
            if let Some(reason) = watched.ended {
                self.heard(&mut watch).await;
                return reason;
            }
            if let Some(reason) = watched.life.over(now) {
                return reason.to_owned();
            }
            if watched.introductions != introductions {
                introductions = watched.introductions;
                let parameters = self.bridge.session().map(|session| session.parameters()).unwrap_or_default();
                let handler = serde_json::to_value(self.entry().version().summary()).unwrap_or_default();
                self.bridge.tell(&channel::session(&self.id, handler, parameters));
                next_stats = Some(now);
            }
            if let (Some(at), Some(wanted)) = (next_stats, watched.wanted)
                && now >= at
            {
                let frames = wanted.frames.then(|| self.frames(&mut cursor));
                self.bridge.tell(&channel::stats(self.stats(), frames));
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

    /// Waits until a viewer can be told why the session ended. A handler that fails at its start does so before anyone
    /// is connected.
    async fn heard(&self, watch: &mut watch::Receiver<Watched>) {
        let heard = watch.wait_for(|watched| watched.open || watched.life.phase() == Phase::Ended);
        tokio::select! {
            _ = timeout(HANDSHAKE, heard) => {}
            () = self.stop.notified() => {}
        }
    }

    /// Says farewell, closes the connection and waits until the pipeline has ended, which takes at most the time of the
    /// handler's longest call.
    pub async fn close(&self, reason: &str) {
        if let Some(session) = self.bridge.session() {
            session.end();
        }
        self.bridge.outputs().end(reason);
        if let Some(peer) = self.bridge.peer() {
            if self.phase() == Phase::Live {
                self.bridge.tell(&channel::end(reason));
                sleep(FAREWELL).await;
            }
            if timeout(CLOSING, peer.close()).await.is_err() {
                tracing::warn!(session = self.id, "closing the connection took too long; it is dropped");
            }
        }
        let mut watch = self.bridge.watch();
        // The sender lives in the bridge, which is still held here: waiting cannot fail.
        let _ = watch.wait_for(|watched| watched.ended.is_some()).await;
        self.bridge.take_down();
    }
}

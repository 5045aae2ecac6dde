//! Between a peer and the pipeline of its session: what one produces goes to the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use framebox_pipeline::parameters::Applied;
use framebox_pipeline::{AccessUnit, Frame, Notice, Session, Severity, Sink};
use framebox_sandbox::NamedValue;
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::channel::{self, Request};
use crate::peer::{self, Peer, State};

use super::lifecycle::Lifecycle;
use super::throttle::Throttle;

/// Messages kept for a data channel that is not open yet; of more, the oldest go.
const BACKLOG: usize = 64;

/// What the owner of the session watches.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Where the peer stands.
    pub life: Lifecycle,
    /// The data channel was opened: what was said meanwhile is on its way.
    pub open: bool,
    /// The pipeline ended, for that reason.
    pub ended: Option<String>,
    /// Statistics are wanted every so many milliseconds.
    pub stats_ms: Option<u64>,
    /// The client asked to be told what the session is, so many times.
    pub introductions: u64,
}

/// Connects the two; made first, then given both sides, which refer to it in turn until it is taken down.
pub struct Bridge {
    sides: RwLock<Sides>,
    watched: watch::Sender<Watched>,
    outgoing: Mutex<Outgoing>,
}

#[derive(Default)]
struct Sides {
    peer: Option<Arc<dyn Peer>>,
    session: Option<Arc<Session>>,
}

#[derive(Default)]
struct Outgoing {
    open: bool,
    backlog: VecDeque<String>,
    throttle: Throttle,
}

impl Default for Bridge {
    /// A bridge without sides.
    fn default() -> Self {
        let life = Lifecycle::new(Instant::now());
        let watched = Watched { life, open: false, ended: None, stats_ms: None, introductions: 0 };
        Self { sides: RwLock::default(), watched: watch::Sender::new(watched), outgoing: Mutex::default() }
    }
}

impl Bridge {
    /// Gives it both sides.
    pub fn set_up(&self, peer: Arc<dyn Peer>, session: Session) {
        let sides = Sides { peer: Some(peer), session: Some(Arc::new(session)) };
        *self.sides.write().unwrap_or_else(PoisonError::into_inner) = sides;
    }

    /// Lets go of both sides, so that they are freed.
    pub fn take_down(&self) {
        *self.sides.write().unwrap_or_else(PoisonError::into_inner) = Sides::default();
    }

    /// The peer.
    pub fn peer(&self) -> Option<Arc<dyn Peer>> {
        self.sides().peer.clone()
    }

    /// The pipeline.
    pub fn session(&self) -> Option<Arc<Session>> {
        self.sides().session.clone()
    }

    fn sides(&self) -> RwLockReadGuard<'_, Sides> {
        self.sides.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the owner of the session watches.
    pub fn watch(&self) -> watch::Receiver<Watched> {
        self.watched.subscribe()
    }

    /// Sends a message as soon as the data channel is open.
    pub fn tell(&self, message: &Value) {
        self.tell_text(message.to_string());
    }

    fn tell_text(&self, text: String) {
        let mut outgoing = self.outgoing();
        if !outgoing.open {
            if outgoing.backlog.len() == BACKLOG {
                outgoing.backlog.pop_front();
            }
            outgoing.backlog.push_back(text);
        } else if let Some(peer) = self.peer() {
            peer.send_message(text);
        }
    }

    fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_parameters(&self, parameters: &Map<String, Value>, request: Option<u64>) {
        let Some(session) = self.session() else { return };
        for wrong in session.set_parameters(parameters, request) {
            let (severity, code, message) = (Severity::Error, "parameter", wrong.to_string());
            self.tell(&channel::notice(&Notice { severity, code, message, request }));
        }
    }
}

impl peer::Observer for Bridge {
    fn state(&self, state: State) {
        self.watched.send_modify(|watched| watched.life.peer(Instant::now(), state));
    }

    fn access_unit(&self, unit: peer::AccessUnit) {
        let peer::AccessUnit { data, rtp_timestamp, keyframe, completed, .. } = unit;
        if let Some(session) = self.session() {
            session.access_unit(AccessUnit { data, rtp_timestamp, keyframe, completed });
        }
    }

    fn keyframe_wanted(&self) {
        if let Some(session) = self.session() {
            session.request_keyframe();
        }
    }

    fn bitrate(&self, bits_per_second: u32) {
        if let Some(session) = self.session() {
            session.set_bitrate(bits_per_second);
        }
    }

    fn channel_open(&self) {
        let backlog = {
            let mut outgoing = self.outgoing();
            outgoing.open = true;
            std::mem::take(&mut outgoing.backlog)
        };
        for text in backlog {
            self.tell_text(text);
        }
        self.watched.send_modify(|watched| watched.open = true);
    }

    fn message(&self, text: String) {
        match channel::parse(&text) {
            Some(Request::Handshake) => self.tell(&channel::handshake()),
            Some(Request::SetParameters { parameters, request }) => self.set_parameters(&parameters, request),
            Some(Request::Subscribe { stats_ms }) => self.watched.send_modify(|watched| {
                watched.stats_ms = Some(stats_ms);
                watched.introductions += 1;
            }),
            None => {}
        }
    }

    fn sent(&self, rtp_timestamp: u32, first_packet: Instant) {
        if let Some(session) = self.session() {
            session.sent(rtp_timestamp, first_packet);
        }
    }
}

impl Sink for Bridge {
    fn frame(&self, frame: Frame) {
        if let Some(peer) = self.peer() {
            peer.send_frame(frame.data, frame.rtp_timestamp);
        }
    }

    fn values(&self, sequence: u64, pts_us: i64, values: &[NamedValue]) {
        // Values are for those who watch: before anyone does, they are not kept.
        if self.outgoing().open {
            self.tell(&channel::values(sequence, pts_us, values));
        }
    }

    fn applied(&self, applied: Applied) {
        for message in channel::applied(applied) {
            self.tell(&message);
        }
    }

    fn notice(&self, mut notice: Notice) {
        // An answer to a request is always told; what happens by itself is told seldom.
        if notice.request.is_none() && notice.severity == Severity::Warning {
            match self.outgoing().throttle.admit(Instant::now(), notice.code) {
                None => return,
                Some(0) => {}
                Some(more) => notice.message = format!("{} ({more} more like it)", notice.message),
            }
        }
        self.tell(&channel::notice(&notice));
    }

    fn keyframe_needed(&self) {
        if let Some(peer) = self.peer() {
            peer.request_keyframe();
        }
    }

    fn ended(&self, reason: &str) {
        self.watched.send_modify(|watched| watched.ended = Some(reason.to_owned()));
    }
}

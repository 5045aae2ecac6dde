//! Between a peer and the pipeline of its session: what one produces goes to the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_pipeline::Policy;
use framebox_pipeline::session::parameters::{Applied, ParameterError};
use framebox_pipeline::{Notice, Session, SessionEvents, Severity, Upstream, Viewer};
use framebox_sandbox::{Level, Log, NamedValue};
use serde_json::{Map, Value};
use tokio::sync::{oneshot, watch};

use crate::protocol::{self, Batch, Message, PolicyChange, Request, Subscription};
use framebox_rtc::{self as rtc, Peer, State};

use super::handler_log::HandlerLog;
use super::lifecycle::{Lifecycle, Phase};
use super::outputs::Outputs;
use super::requests::{Outcome, PendingRequests, Requester};
use super::throttle::Throttle;

/// Messages kept for a data channel that is not open yet; of more, the oldest go.
const BACKLOG: usize = 64;
/// A client of FastRTC is told of outputs at most that often.
const FETCH_INTERVAL: Duration = Duration::from_millis(100);

/// What the owner of the session watches.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Where the peer stands.
    pub life: Lifecycle,
    /// The data channel was opened: what was said meanwhile is on its way.
    pub open: bool,
    /// The pipeline ended, for that reason.
    pub ended: Option<String>,
    /// What the client wants to be told.
    pub wanted: Option<Subscription>,
    /// The client asked to be told what the session is, so many times.
    pub introductions: u64,
}

/// Connects the two; made first, then given both sides, which refer to it in turn until it is taken down.
pub struct Bridge {
    sides: RwLock<Sides>,
    watched: watch::Sender<Watched>,
    outgoing: Mutex<Outgoing>,
    requests: Mutex<PendingRequests>,
    outputs: Outputs,
    log: Arc<HandlerLog>,
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
    /// Whether the client is one of FastRTC, and when it was last told of outputs.
    fastrtc: Option<Option<Instant>>,
}

impl Default for Bridge {
    /// A bridge without sides.
    fn default() -> Self {
        let begin = Instant::now();
        let watched = Watched { life: Lifecycle::new(begin), open: false, ended: None, wanted: None, introductions: 0 };
        Self {
            sides: RwLock::default(),
            watched: watch::Sender::new(watched),
            outgoing: Mutex::default(),
            requests: Mutex::default(),
            outputs: Outputs::default(),
            log: Arc::new(HandlerLog::new(begin)),
        }
    }
}

impl Bridge {
    /// Gives it both sides.
    pub fn set_up(&self, peer: Arc<dyn Peer>, session: Session) {
        let sides = Sides { peer: Some(peer), session: Some(Arc::new(session)) };
        let session = sides.session.clone();
        *self.sides.write().unwrap_or_else(PoisonError::into_inner) = sides;
        // The peer may have been quicker.
        if let Some(session) = session.filter(|_| self.watched.borrow().life.phase() == Phase::Live) {
            session.begin();
        }
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

    /// The handler's log.
    pub fn log(&self) -> &Arc<HandlerLog> {
        &self.log
    }

    /// What the handler puts beside its pictures.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// What the owner of the session watches.
    pub fn watch(&self) -> watch::Receiver<Watched> {
        self.watched.subscribe()
    }

    /// Sends a message as soon as the data channel is open.
    pub fn tell(&self, message: &Message<'_>) {
        self.tell_text(message.to_text());
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

    fn requests(&self) -> MutexGuard<'_, PendingRequests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for parameters. What comes of it arrives once the change was tried between two frames; never when the session
    /// ends before.
    ///
    /// # Errors
    /// Those that are wrong; nothing is changed then.
    pub fn ask(&self, parameters: &Map<String, Value>) -> Result<oneshot::Receiver<Outcome>, Vec<ParameterError>> {
        let (sender, answer) = oneshot::channel();
        let Some(session) = self.session() else { return Ok(answer) };
        let number = self.requests().expect(Requester::Http(sender));
        let wrong = session.set_parameters(parameters, Some(number));
        if wrong.is_empty() {
            return Ok(answer);
        }
        self.requests().take(number);
        Err(wrong)
    }

    /// Changes the policy, and tells whoever watches.
    pub fn set_policy(&self, change: PolicyChange) {
        self.change_policy(change, None);
    }

    fn change_policy(&self, PolicyChange { policy, unprocessed }: PolicyChange, request: Option<u64>) {
        let Some(session) = self.session() else { return };
        let before = session.policy();
        let policy = Policy {
            skipping: policy.unwrap_or(before.skipping),
            unprocessed: unprocessed.unwrap_or(before.unprocessed),
        };
        session.set_policy(policy);
        self.tell(&Message::policy(policy, request));
    }

    fn set_parameters(&self, parameters: &Map<String, Value>, request: Option<u64>) {
        let Some(session) = self.session() else { return };
        let number = request.map(|request| self.requests().expect(Requester::Channel(request)));
        for wrong in session.set_parameters(parameters, number) {
            if let Some(number) = number {
                self.requests().take(number);
            }
            let (severity, code, message) = (Severity::Error, "parameter", wrong.to_string());
            self.tell(&Message::notice(&Notice { severity, code, message, request }));
        }
    }
}

impl rtc::ConnectionEvents for Bridge {
    fn state(&self, state: State) {
        if state == State::Connected
            && let Some(session) = self.session()
        {
            session.begin();
        }
        self.watched.send_modify(|watched| watched.life.peer(Instant::now(), state));
    }

    fn frame(&self, frame: EncodedFrame) {
        if let Some(session) = self.session() {
            session.push(frame);
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
        match protocol::parse(&text) {
            Some(Request::Handshake) => {
                self.tell(&Message::handshake());
                let first = self.outgoing().fastrtc.replace(None).is_none();
                if first && self.session().is_some_and(|session| !session.parameters().is_empty()) {
                    self.tell(&Message::send_input());
                }
            }
            Some(Request::SetParameters { parameters, request }) => self.set_parameters(&parameters, request),
            Some(Request::SetPolicy { change, request }) => self.change_policy(change, request),
            Some(Request::Subscribe(wanted)) => self.watched.send_modify(|watched| {
                watched.wanted = Some(wanted);
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

impl Viewer for Bridge {
    fn frame(&self, frame: EncodedFrame) {
        if let Some(peer) = self.peer() {
            peer.send_frame(frame);
        }
    }
}

impl Upstream for Bridge {
    fn request_keyframe(&self) {
        if let Some(peer) = self.peer() {
            peer.request_keyframe();
        }
    }
}

impl SessionEvents for Bridge {
    fn values(&self, sequence: u64, pts_us: i64, values: &[NamedValue]) {
        let batch = Batch::new(sequence, pts_us, values);
        self.outputs.put(&batch);
        let now = Instant::now();
        let fetch = {
            let mut outgoing = self.outgoing();
            // On the channel values are for those who watch: before anyone does, they are not kept.
            if !outgoing.open {
                return;
            }
            match &mut outgoing.fastrtc {
                Some(told) if told.is_none_or(|at| now.duration_since(at) >= FETCH_INTERVAL) => {
                    *told = Some(now);
                    true
                }
                _ => false,
            }
        };
        let text = Message::values(&batch).to_text();
        if text.len() > rtc::MAX_MESSAGE_BYTES {
            let message = format!(
                "the values of a frame are {} bytes, more than a data channel carries: read them at /sessions/{{id}}/outputs",
                text.len()
            );
            let (severity, code) = (Severity::Warning, "values-too-large");
            return self.notice(Notice { severity, code, message, request: None });
        }
        self.tell_text(text);
        if fetch {
            self.tell(&Message::fetch_output());
        }
    }

    fn applied(&self, applied: Applied) {
        let mut told = false;
        for number in &applied.requests {
            let asker = self.requests().take(*number);
            match asker {
                Some(Requester::Channel(request)) => {
                    self.tell(&Message::applied(&applied, Some(request)));
                    told = true;
                }
                // Whoever gave up waiting needs no answer.
                Some(Requester::Http(answer)) => drop(answer.send(Ok(applied.clone()))),
                None => {}
            }
        }
        // The page follows changes that came another way.
        if !told {
            self.tell(&Message::applied(&applied, None));
        }
    }

    fn notice(&self, mut notice: Notice) {
        if let Some(number) = notice.request {
            let asker = self.requests().take(number);
            match asker {
                Some(Requester::Channel(request)) => notice.request = Some(request),
                Some(Requester::Http(answer)) => return drop(answer.send(Err(notice))),
                None => return,
            }
        } else if notice.severity == Severity::Warning {
            // An answer to a request is always told; what happens by itself is told seldom.
            match self.outgoing().throttle.admit(Instant::now(), notice.code) {
                None => return,
                Some(0) => {}
                Some(more) => notice.message = format!("{} ({more} more like it)", notice.message),
            }
        }
        self.tell(&Message::notice(&notice));
    }

    fn ended(&self, reason: &str) {
        self.watched.send_modify(|watched| watched.ended = Some(reason.to_owned()));
    }
}

impl Log for Bridge {
    fn line(&self, level: Level, message: &str) {
        let line = self.log.write(Instant::now(), level, message);
        tracing::debug!(target: "handler", level = line.level.as_str(), "{message}");
        if self.watched.borrow().wanted.is_some_and(|wanted| wanted.log) {
            self.tell(&Message::log(&line));
        }
    }
}

//! A session, wherever it runs. It exists from the offer on, and starts when its peer is connected.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use framebox_media::EncodedFrame;
use framebox_media::snapshot::Snapshot;
use framebox_pipeline::session::history::Row;
use framebox_pipeline::session::parameters::{self, ParameterError};
use framebox_pipeline::session::stats::Stats;
use framebox_pipeline::session::swap::{Swap, SwapError};
use framebox_pipeline::{self as pipeline, Attachment, Connections, Feed, Needs, Policy, Session, Viewer};
use framebox_sandbox::Kind;
use serde_json::{Map, Value};
use tokio::sync::Mutex as AsyncMutex;

use crate::process::RemoteSession;
use crate::snapshots::Snapshots;
use crate::sources::{self, Grants};
use crate::workers::Workers;

/// Coded frames that wait for the session to start: the first ones of a camera, its keyframe among them.
const MOST_EARLY: usize = 32;
/// Requests for parameters that wait for it.
const MOST_ASKED: usize = 64;

/// What a session is made of.
pub struct Setup {
    /// What its pipeline is made of. Its sources are those that are granted here.
    pub session: pipeline::Setup,
    /// What it is connected to.
    pub connections: Connections,
    /// The files that the handler may read.
    pub grants: Arc<dyn Grants>,
}

/// Why a session was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No worker process could be started.
    #[error("no process could be started for the session: {0}")]
    Process(std::io::Error),
    /// The process did not start the session.
    #[error("{0}")]
    Refused(String),
    /// The pipeline could not be started.
    #[error(transparent)]
    Pipeline(pipeline::session::Error),
    /// It was started before, or has ended.
    #[error("the session is over")]
    Over,
}

/// A session, wherever it runs. Dropping it ends it.
pub struct RunningSession {
    workers: Workers,
    kind: Kind,
    fps: Option<f32>,
    /// Bit rate where it starts, bits a second.
    start_bitrate: u32,
    state: Mutex<State>,
    /// Starting and swapping exclude each other.
    turn: AsyncMutex<()>,
    snapshots: Snapshots,
}

/// Where the session is.
enum State {
    Waiting(Box<Waiting>),
    /// It is being started.
    Starting(Early),
    Thread(Arc<Session>),
    Process(Arc<RemoteSession>),
    Ended,
}

/// A session that waits for its peer.
struct Waiting {
    setup: Setup,
    early: Early,
}

/// What came before the session was started.
struct Early {
    parameters: Map<String, Value>,
    policy: Policy,
    asked: Vec<(Map<String, Value>, Option<u64>)>,
    frames: Vec<EncodedFrame>,
    feed: Option<Feed>,
    descriptor: framebox_sandbox::Descriptor,
}

impl RunningSession {
    pub(crate) fn new(workers: Workers, setup: Setup) -> Self {
        let descriptor = setup.session.component.descriptor().clone();
        let kind = setup.session.component.kind();
        let fps = setup.session.rate();
        let early = Early {
            parameters: parameters::defaults(&descriptor),
            policy: setup.session.policy,
            asked: Vec::new(),
            frames: Vec::new(),
            feed: None,
            descriptor,
        };
        Self {
            workers,
            kind,
            fps,
            start_bitrate: setup.session.encoding.bitrate,
            state: Mutex::new(State::Waiting(Box::new(Waiting { setup, early }))),
            turn: AsyncMutex::new(()),
            snapshots: Snapshots::default(),
        }
    }

    /// Starts the pipeline, in a process or on threads, and gives it what came before. Until then the session costs nothing.
    ///
    /// # Errors
    /// Why it was not started; it is over then.
    pub async fn start(&self) -> Result<(), StartError> {
        let _turn = self.turn.lock().await;
        let waiting = {
            let mut state = self.state();
            match std::mem::replace(&mut *state, State::Ended) {
                State::Waiting(waiting) => waiting,
                other => {
                    *state = other;
                    return Err(StartError::Over);
                }
            }
        };
        let Waiting { mut setup, early } = *waiting;
        setup.session.policy = early.policy;
        *self.state() = State::Starting(early);
        let started = self.pipeline(setup).await;
        let mut state = self.state();
        let before = std::mem::replace(&mut *state, State::Ended);
        let (started, State::Starting(early)) = (started?, before) else { return Err(StartError::Over) };
        *state = started;
        let Early { policy, asked, frames, feed, .. } = early;
        if state.policy() != Some(policy) {
            state.set_policy(policy);
        }
        for (asked, request) in asked {
            // They were checked when they were asked for.
            state.set_parameters(&asked, request);
        }
        for frame in frames {
            state.push(frame);
        }
        if let Some(feed) = feed {
            state.feed(feed);
        }
        Ok(())
    }

    async fn pipeline(&self, mut setup: Setup) -> Result<State, StartError> {
        match self.workers.take().await {
            Some(process) => {
                let process = process.map_err(StartError::Process)?;
                let remote = RemoteSession::start(process, setup, self.workers.tasks()).await;
                Ok(State::Process(Arc::new(remote.map_err(StartError::Refused)?)))
            }
            None => {
                setup.session.sources = sources::local(setup.grants);
                // A decoder is made here, which is not for an async thread.
                let start = move || Session::start(setup.session, setup.connections);
                let session = tokio::task::spawn_blocking(start).await;
                let session = session.map_err(|error| StartError::Refused(error.to_string()))?;
                Ok(State::Thread(Arc::new(session.map_err(StartError::Pipeline)?)))
            }
        }
    }

    /// Attaches a viewer to the processed video, which gets frames that meet its needs. None before the start, and when there
    /// are no pictures.
    pub fn attach(&self, needs: Needs, viewer: Arc<dyn Viewer>) -> Option<Attachment> {
        match self.place() {
            Place::Thread(session) => session.stream().attach(needs, viewer),
            Place::Process(remote) => (self.kind != Kind::Observer).then(|| remote.audience().attach(needs, viewer)),
            Place::Nowhere(_) => None,
        }
    }

    /// Somebody watches: a generator's stream begins. Further calls change nothing, nor do those for other kinds.
    pub fn begin(&self) {
        match &*self.state() {
            State::Thread(session) => session.begin(),
            State::Process(remote) => remote.begin(),
            State::Waiting(_) | State::Starting(_) | State::Ended => {}
        }
    }

    /// Takes a frame from the camera. Never blocks.
    pub fn push(&self, frame: EncodedFrame) {
        self.state().push(frame);
    }

    /// Takes its pictures from `feed` from now on, or from its start on, in place of the feed before, which ends. Its end is an event
    /// ([`SessionEvents::input_ended`](pipeline::SessionEvents::input_ended)), as is what goes wrong with it. Never blocks.
    pub fn feed(&self, feed: Feed) {
        self.state().feed(feed);
    }

    /// Frames a second that are asked of a generator; none for other kinds.
    pub fn fps(&self) -> Option<f32> {
        self.fps
    }

    /// Asks for parameters. They are applied between two frames, which is an event; if some are wrong, these are returned,
    /// and nothing changes.
    pub fn set_parameters(&self, asked: &Map<String, Value>, request: Option<u64>) -> Vec<ParameterError> {
        self.state().set_parameters(asked, request)
    }

    /// The parameters that hold.
    pub fn parameters(&self) -> Map<String, Value> {
        match &*self.state() {
            State::Waiting(waiting) => waiting.early.parameters.clone(),
            State::Starting(early) => early.parameters.clone(),
            State::Thread(session) => session.parameters(),
            State::Process(remote) => remote.parameters(),
            State::Ended => Map::new(),
        }
    }

    /// The highest bit rate that an encoder is asked for, bits a second; where nobody watches, the one where it would start.
    pub fn bitrate(&self) -> u32 {
        match &*self.state() {
            State::Thread(session) => session.bitrate(),
            State::Process(remote) => remote.audience().bitrate(),
            State::Waiting(_) | State::Starting(_) | State::Ended => self.start_bitrate,
        }
    }

    /// The first packet of a frame left.
    pub fn sent(&self, rtp_timestamp: u32, at: Instant) {
        match &*self.state() {
            State::Thread(session) => session.sent(rtp_timestamp, at),
            State::Process(remote) => remote.sent(rtp_timestamp, at),
            State::Waiting(_) | State::Starting(_) | State::Ended => {}
        }
    }

    /// Another policy holds from now on.
    pub fn set_policy(&self, policy: Policy) {
        self.state().set_policy(policy);
    }

    /// The policy that holds.
    pub fn policy(&self) -> Policy {
        self.state().policy().unwrap_or_default()
    }

    /// The recent frames of which all has become known since `cursor`, and the cursor for the next time.
    pub async fn frames(&self, cursor: u64) -> (Vec<Row>, u64) {
        match self.place() {
            Place::Thread(session) => session.frames(cursor),
            Place::Process(remote) => remote.frames(cursor).await.unwrap_or((Vec::new(), cursor)),
            Place::Nowhere(_) => (Vec::new(), cursor),
        }
    }

    /// Counts and times. None once the session is over, and when its process does not answer.
    pub async fn stats(&self) -> Option<Stats> {
        match self.place() {
            Place::Thread(session) => Some(session.stats()),
            Place::Process(remote) => remote.stats().await,
            Place::Nowhere(policy) => policy.map(|policy| Stats::before_start(Instant::now(), policy)),
        }
    }

    /// Writes the picture that was shown last. None before the first one and once the session is over, of an observer, which shows
    /// none, and when its process does not answer.
    pub async fn snapshot(&self, snapshot: Snapshot) -> Option<Bytes> {
        let make = async || match self.place() {
            Place::Thread(session) => {
                let made = tokio::task::spawn_blocking(move || session.snapshot(&snapshot)).await;
                made.ok().flatten().map(Bytes::from)
            }
            Place::Process(remote) => remote.snapshot(snapshot).await,
            Place::Nowhere(_) => None,
        };
        self.snapshots.get(snapshot, make).await
    }

    /// Another version takes over between two frames. Returns the first frame that is its own. Takes as long as starting, a
    /// call and closing may take.
    ///
    /// # Errors
    /// Why it does not take over.
    pub async fn swap(&self, swap: Swap) -> Result<u64, SwapError> {
        let _turn = self.turn.lock().await;
        if let State::Waiting(waiting) = &mut *self.state() {
            return waiting.swap(swap);
        }
        match self.place() {
            Place::Thread(session) => {
                tokio::task::spawn_blocking(move || session.swap(swap)).await.unwrap_or(Err(SwapError::Ended))
            }
            Place::Process(remote) => {
                let successor = swap.component.kind();
                if successor != self.kind {
                    return Err(SwapError::Kind { session: self.kind, successor });
                }
                remote.swap(swap).await
            }
            Place::Nowhere(_) => Err(SwapError::Ended),
        }
    }

    /// True when the session ended because its handler could not even be started.
    pub fn never_started(&self) -> bool {
        match &*self.state() {
            State::Thread(session) => session.never_started(),
            State::Process(remote) => remote.never_started(),
            State::Waiting(_) | State::Starting(_) | State::Ended => false,
        }
    }

    /// Ends the session. Returns whether an end follows as an event: one that never started just is over.
    pub fn end(&self) -> bool {
        let mut state = self.state();
        match &*state {
            State::Thread(session) => session.end(),
            State::Process(remote) => remote.end(),
            State::Waiting(_) | State::Starting(_) | State::Ended => {
                *state = State::Ended;
                return false;
            }
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> Place {
        match &*self.state() {
            State::Thread(session) => Place::Thread(session.clone()),
            State::Process(remote) => Place::Process(remote.clone()),
            other => Place::Nowhere(other.policy()),
        }
    }
}

impl Drop for RunningSession {
    fn drop(&mut self) {
        self.end();
    }
}

/// Where to ask, without the lock.
enum Place {
    Thread(Arc<Session>),
    Process(Arc<RemoteSession>),
    /// With the policy that will hold, unless it is over.
    Nowhere(Option<Policy>),
}

impl State {
    fn push(&mut self, frame: EncodedFrame) {
        match self {
            Self::Waiting(waiting) => waiting.early.push(frame),
            Self::Starting(early) => early.push(frame),
            Self::Thread(session) => session.push(frame),
            Self::Process(remote) => remote.push(&frame),
            Self::Ended => {}
        }
    }

    fn feed(&mut self, feed: Feed) {
        match self {
            Self::Waiting(waiting) => waiting.early.feed = Some(feed),
            Self::Starting(early) => early.feed = Some(feed),
            Self::Thread(session) => session.feed(feed),
            Self::Process(remote) => remote.feed(feed),
            Self::Ended => {}
        }
    }

    fn set_parameters(&mut self, asked: &Map<String, Value>, request: Option<u64>) -> Vec<ParameterError> {
        match self {
            Self::Waiting(waiting) => waiting.early.ask(asked, request),
            Self::Starting(early) => early.ask(asked, request),
            Self::Thread(session) => session.set_parameters(asked, request),
            Self::Process(remote) => remote.set_parameters(asked, request),
            Self::Ended => Vec::new(),
        }
    }

    fn set_policy(&mut self, policy: Policy) {
        match self {
            Self::Waiting(waiting) => waiting.early.policy = policy,
            Self::Starting(early) => early.policy = policy,
            Self::Thread(session) => session.set_policy(policy),
            Self::Process(remote) => remote.set_policy(policy),
            Self::Ended => {}
        }
    }

    fn policy(&self) -> Option<Policy> {
        match self {
            Self::Waiting(waiting) => Some(waiting.early.policy),
            Self::Starting(early) => Some(early.policy),
            Self::Thread(session) => Some(session.policy()),
            Self::Process(remote) => Some(remote.policy()),
            Self::Ended => None,
        }
    }
}

impl Waiting {
    /// Another version starts in place of the one that waits.
    fn swap(&mut self, swap: Swap) -> Result<u64, SwapError> {
        let setup = &mut self.setup.session;
        let (session, successor) = (setup.component.kind(), swap.component.kind());
        if session != successor {
            return Err(SwapError::Kind { session, successor });
        }
        let descriptor = swap.component.descriptor().clone();
        self.early.parameters = parameters::defaults(&descriptor);
        // What was asked for may not be acceptable any more.
        self.early.asked.retain(|(asked, _)| parameters::wrong(&descriptor, asked).is_empty());
        self.early.descriptor = descriptor;
        if let Some(permit) = &setup.permit {
            permit.handler_changed(Instant::now(), &swap.component.digest().to_string());
        }
        let Swap { component, limits, budgets } = swap;
        (setup.component, setup.limits, setup.budgets) = (component, limits, budgets);
        Ok(0)
    }
}

impl Early {
    fn push(&mut self, frame: EncodedFrame) {
        // Of more, the oldest are useless: the decoder asks for a keyframe.
        if frame.keyframe || self.frames.len() >= MOST_EARLY {
            self.frames.clear();
        }
        self.frames.push(frame);
    }

    fn ask(&mut self, asked: &Map<String, Value>, request: Option<u64>) -> Vec<ParameterError> {
        let wrong = parameters::wrong(&self.descriptor, asked);
        if wrong.is_empty() {
            if self.asked.len() >= MOST_ASKED {
                self.asked.remove(0);
            }
            self.asked.push((asked.clone(), request));
        }
        wrong
    }
}

//! Steers the session of a process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::EncodedFrame;
use framebox_media::snapshot::Snapshot;
use framebox_pipeline::session::history::Row;
use framebox_pipeline::session::parameters::{self, Applied, ParameterError};
use framebox_pipeline::session::stats::Stats;
use framebox_pipeline::session::swap::{Swap, SwapError};
use framebox_pipeline::stream::{Audience, Encoders, Order, RenditionId};
use framebox_pipeline::{self as pipeline, Connections, Feed, Notice, Permit, Policy, SessionEvents, Upstream};
use framebox_sandbox::{CallError, NoLog, OutputValue, Parts};
use serde_json::{Map, Value};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::checks;
use super::mirror::{Answer, Mirror};
use super::serve::{Served, serve};
use super::spawn::Process;
use crate::protocol::{Outgoing, Start, ToWorker, to_nanos};
use crate::running::Setup;
use crate::workers::Probe;

/// Coded frames that wait for the process at once: as many as wait for a decoder.
const MOST_FRAMES: usize = 32;
/// Messages that wait for it. It reads at once: more are waiting only when it does not live.
pub(super) const MOST_MESSAGES: usize = 1024;
/// Bytes of messages that wait for a frame to go with; a generator's camera sends none.
const MOST_LATER: usize = 512;
/// Longest time for a session to start in a process.
const STARTING: Duration = Duration::from_secs(20);
/// Longest time for an answer to a short question.
const SHORT: Duration = Duration::from_secs(2);

/// The session of a process.
pub(crate) struct RemoteSession {
    pub(super) shared: Arc<Shared>,
    audience: Audience,
    upstream: Arc<dyn Upstream>,
    /// Messages that go with the next frame.
    later: Mutex<Vec<u8>>,
    permit: Option<Arc<dyn Permit>>,
    /// Longest time for another version to take over.
    swap: Duration,
}

/// What the handle of a session shares with the task that serves it.
pub(super) struct Shared {
    pub(super) mirror: Mutex<Mirror>,
    outgoing: mpsc::Sender<Outgoing>,
    /// Coded frames on their way.
    pub(super) frames: AtomicUsize,
    /// The process does not read: it is given up.
    pub(super) stuck: Notify,
    /// The session was asked to end.
    pub(super) ending: Notify,
}

impl Shared {
    pub(super) fn new(mirror: Mirror, outgoing: mpsc::Sender<Outgoing>) -> Self {
        Self {
            mirror: Mutex::new(mirror),
            outgoing,
            frames: AtomicUsize::new(0),
            stuck: Notify::new(),
            ending: Notify::new(),
        }
    }

    pub(super) fn mirror(&self) -> MutexGuard<'_, Mirror> {
        self.mirror.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message. Returns at once.
    pub(super) fn tell(&self, message: &ToWorker) {
        self.send(Outgoing::message(message, Vec::new()));
    }

    pub(super) fn send(&self, outgoing: Outgoing) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.outgoing.try_send(outgoing) {
            self.stuck.notify_one();
        }
    }
}

impl RemoteSession {
    /// Starts a session in `process`; `tasks` keeps the task that serves it.
    ///
    /// # Errors
    /// Why the process did not start it, for the log.
    pub(crate) async fn start(process: Process, setup: Setup, tasks: &TaskTracker) -> Result<Self, String> {
        let Setup { session, connections, grants } = setup;
        let pipeline::Setup {
            component,
            fps,
            largest_input,
            limits,
            encoding,
            log,
            sources: _,
            account,
            policy,
            budgets,
            permit,
        } = session;
        let (description, code) = component.parts().and_then(Parts::split).map_err(|error| error.to_string())?;
        // Another version is started, given its parameters, and takes over between two calls; each may take its time.
        let longest = limits.call.time + limits.setup.time * 3 + SHORT;
        let start = Start {
            component: description,
            fps,
            largest_input: (largest_input.width, largest_input.height),
            limits,
            encoding: encoding.clone(),
            policy,
            budgets,
            account: account.limit(),
            metered: permit.is_some(),
        };
        let (outgoing, messages) = mpsc::channel(MOST_MESSAGES);
        let descriptor = component.descriptor().clone();
        let parameters = parameters::defaults(&descriptor);
        let shared = Arc::new(Shared::new(Mirror::new(descriptor, parameters, policy), outgoing));
        shared.send(Outgoing::message(&ToWorker::Start(Box::new(start)), vec![code]));
        let encoders = RemoteEncoders(shared.clone());
        let audience = Audience::new(encoding, &account, |_| Arc::new(encoders));
        let permit: Option<Arc<dyn Permit>> = permit.map(Arc::from);
        let (started, answer) = oneshot::channel();
        let upstream = connections.upstream.clone();
        tasks.spawn(serve(
            process,
            messages,
            Served {
                shared: shared.clone(),
                audience: Some(audience.clone()),
                connections,
                log,
                grants,
                permit: permit.clone(),
                account,
                probed: None,
                started: Some(started),
                longest,
            },
        ));
        match timeout(STARTING, answer).await {
            Ok(Ok(started)) => started?,
            Ok(Err(_)) => return Err("the worker process ended while the session was started".into()),
            Err(_) => {
                shared.stuck.notify_one();
                return Err("the worker process did not start the session in time".into());
            }
        }
        Ok(Self { shared, audience, upstream, later: Mutex::default(), permit, swap: longest })
    }

    pub(crate) fn audience(&self) -> &Audience {
        &self.audience
    }

    pub(crate) fn begin(&self) {
        self.shared.tell(&ToWorker::Begin);
    }

    /// Never blocks: when the process is too far behind, the frame is dropped, and the input is asked for a keyframe.
    pub(crate) fn push(&self, frame: &EncodedFrame) {
        if self.shared.frames.fetch_add(1, Ordering::Relaxed) >= MOST_FRAMES {
            self.shared.frames.fetch_sub(1, Ordering::Relaxed);
            return self.upstream.request_keyframe();
        }
        let mut frame = Outgoing::frame(frame);
        let mut later = std::mem::take(&mut *self.later());
        if !later.is_empty() {
            later.append(&mut frame.head);
            frame.head = later;
        }
        self.shared.send(frame);
    }

    pub(crate) fn feed(&self, feed: Feed) {
        let (file, is_pipe, looped) = match feed {
            Feed::Pipe(file) => (file, true, false),
            Feed::File { file, looped } => (file, false, looped),
        };
        self.shared.send(Outgoing::message(&ToWorker::Feed { is_pipe, looped }, vec![file]));
    }

    pub(crate) fn set_parameters(&self, asked: &Map<String, Value>, request: Option<u64>) -> Vec<ParameterError> {
        let wrong = parameters::wrong(&self.shared.mirror().descriptor, asked);
        if wrong.is_empty() {
            self.shared.tell(&ToWorker::Parameters { asked: asked.clone(), request });
        }
        wrong
    }

    pub(crate) fn parameters(&self) -> Map<String, Value> {
        self.shared.mirror().parameters.clone()
    }

    /// Goes with the next frame from the camera: it is for statistics, and not worth waking the process.
    pub(crate) fn sent(&self, rtp_timestamp: u32, at: Instant) {
        let message = Outgoing::message(&ToWorker::Sent { rtp_timestamp, at: to_nanos(at) }, Vec::new());
        let mut later = self.later();
        later.extend_from_slice(&message.head);
        if later.len() >= MOST_LATER {
            let head = std::mem::take(&mut *later);
            drop(later);
            self.shared.send(Outgoing { head, ..message });
        }
    }

    fn later(&self) -> MutexGuard<'_, Vec<u8>> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_policy(&self, policy: Policy) {
        self.shared.mirror().policy = policy;
        self.shared.tell(&ToWorker::Policy(policy));
    }

    pub(crate) fn policy(&self) -> Policy {
        self.shared.mirror().policy
    }

    pub(crate) fn never_started(&self) -> bool {
        self.shared.mirror().never_started
    }

    pub(crate) async fn stats(&self) -> Option<Stats> {
        match self.ask(|number| ToWorker::Stats { number }).await? {
            Answer::Stats(stats) => Some(Stats { renditions: self.audience.renditions(), ..*stats }),
            _ => None,
        }
    }

    pub(crate) async fn frames(&self, cursor: u64) -> Option<(Vec<Row>, u64)> {
        match self.ask(|number| ToWorker::Frames { number, cursor }).await? {
            Answer::Frames(rows, cursor) => Some((rows, cursor)),
            _ => None,
        }
    }

    pub(crate) async fn snapshot(&self, snapshot: Snapshot) -> Option<Bytes> {
        match self.ask(|number| ToWorker::Snapshot { number, snapshot }).await? {
            Answer::Image(file) => checks::image(file, snapshot.format),
            _ => None,
        }
    }

    async fn ask(&self, question: impl FnOnce(u64) -> ToWorker) -> Option<Answer> {
        let (number, answer) = self.shared.mirror().ask()?;
        self.shared.tell(&question(number));
        timeout(SHORT, answer).await.ok()?.ok()
    }

    pub(crate) async fn swap(&self, swap: Swap) -> Result<u64, SwapError> {
        let Swap { component, limits, budgets } = swap;
        let parts = component.parts().and_then(Parts::split);
        let (description, code) = parts.map_err(|error| SwapError::Start(CallError::Refused(error.to_string())))?;
        let (number, answer) = {
            let mut mirror = self.shared.mirror();
            mirror.successor = Some(component.descriptor().clone());
            mirror.ask().ok_or(SwapError::Ended)?
        };
        let message = ToWorker::Swap { number, component: description, limits, budgets };
        self.shared.send(Outgoing::message(&message, vec![code]));
        let Ok(Ok(Answer::Swapped(outcome))) = timeout(self.swap, answer).await else { return Err(SwapError::Ended) };
        let (sequence, _) = outcome?;
        if let Some(permit) = &self.permit {
            permit.handler_changed(Instant::now(), &component.digest().to_string());
        }
        Ok(sequence)
    }

    pub(crate) fn end(&self) {
        self.shared.tell(&ToWorker::End);
        self.shared.ending.notify_one();
    }
}

impl Drop for RemoteSession {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs a handler on pictures of a process's own. Returns its failure, if any; a process that fails has shown nothing.
pub(crate) async fn probe(process: Process, probe: Probe, tasks: &TaskTracker) -> Result<Option<CallError>, String> {
    let Probe { component, limits, account, grants } = probe;
    let (description, code) = component.parts().and_then(Parts::split).map_err(|error| error.to_string())?;
    let longest = limits.call.time * 16 + limits.setup.time * 3 + SHORT;
    let message = ToWorker::Probe { component: description, limits, account: account.limit() };
    let (outgoing, messages) = mpsc::channel(MOST_MESSAGES);
    let descriptor = component.descriptor().clone();
    let mirror = Mirror::new(descriptor, Map::new(), Policy::default());
    let shared = Arc::new(Shared::new(mirror, outgoing));
    shared.send(Outgoing::message(&message, vec![code]));
    let (probed, outcome) = oneshot::channel();
    tasks.spawn(serve(
        process,
        messages,
        Served {
            shared: shared.clone(),
            audience: None,
            connections: Connections { upstream: Arc::new(Nobody), events: Arc::new(Nobody) },
            log: Arc::new(NoLog),
            grants,
            permit: None,
            account,
            probed: Some(probed),
            started: None,
            longest,
        },
    ));
    match timeout(longest, outcome).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(_)) => Err("the worker process failed".into()),
        Err(_) => {
            shared.stuck.notify_one();
            Err("the worker process did not answer in time".into())
        }
    }
}

/// Has renditions encoded by the process.
struct RemoteEncoders(Arc<Shared>);

impl Encoders for RemoteEncoders {
    fn order(&self, id: RenditionId, order: Order) {
        self.0.tell(&ToWorker::Rendition { id, order });
    }
}

/// Nobody watches a probe.
struct Nobody;

impl Upstream for Nobody {
    fn request_keyframe(&self) {}
}

impl SessionEvents for Nobody {
    fn values(&self, _sequence: u64, _pts_us: i64, _values: &[OutputValue]) {}
    fn applied(&self, _applied: Applied) {}
    fn notice(&self, _notice: Notice) {}
    fn ended(&self, _reason: &str) {}
}

//! The run of a handler on a stream.
//!
//! Two threads serve a session, and one each of its stream's renditions. The *decode* thread decodes every frame, since
//! inter-coded frames need it, and copies the picture into memory that the gate holds. The *handler* thread takes a frame when
//! it has time and its result has room, and calls the component. A generator has no decode thread: the handler thread asks it
//! for a frame whenever one is due.
//!
//! | module | what it holds |
//! |---|---|
//! | `permit` | [`Permit`]: what a session uses of the machine |
//! | `setup`, `error` | [`Setup`]: what a session is made of; [`Error`]: why it could not be started |
//! | `connections`, `upstream`, `events`, `notice` | [`Connections`]: who sends the input, and who receives values and notices |
//! | [`parameters`] | parameters: checked, waiting to be applied between two frames, applied |
//! | [`swap`] | another version takes over |
//! | [`stats`], `recorder`, `record`, `rate` | counts, and what each stage took for the recent frames |
//! | [`history`], [`cause`] | the recent frames, one row each; who caused a failure |
//! | `intake`, `rtp_clock` | the queue of encoded frames; RTP timestamps as presentation times |
//! | `feed`, `pipe` | [`Feed`]: pictures from elsewhere than a camera's frames |
//! | `frame`, `frame_copy` | frames on their way; copies of pictures |
//! | `word` | words for programs, read from what a worker process writes |
//! | `exchange`, `version_state`, `passthrough` | what the threads share |
//! | `panic_guard` | a thread that panics ends its session |
//! | `decode`, `handler`, `work`, `report` | the threads: decoding; the handler, and what it does next; what encoding reports |

pub mod cause;
mod connections;
mod decode;
mod display_order;
mod error;
mod events;
mod exchange;
mod feed;
mod frame;
mod frame_copy;
mod handler;
pub mod history;
mod intake;
mod notice;
mod panic_guard;
pub mod parameters;
mod passthrough;
mod permit;
mod pipe;
mod rate;
mod record;
mod recorder;
mod report;
mod rtp_clock;
mod setup;
pub mod stats;
pub mod swap;
mod undecodable;
mod upstream;
mod version_state;
mod word;
mod work;

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use framebox_media::EncodedFrame;
use framebox_media::snapshot::Snapshot;
use framebox_sandbox::{Kind, Log, MemoryAccount, Sources};
use serde_json::{Map, Value};

use crate::schedule::frame_clock::FrameClock;
use crate::schedule::policy::Policy;
use crate::stream::{Output, Stream};
pub use connections::Connections;
pub use error::Error;
pub use events::SessionEvents;
use exchange::Exchange;
pub use feed::Feed;
use feed::{Feeding, Reading};
use history::Row;
use intake::Intake;
pub use notice::{Notice, Severity};
use panic_guard::PanicGuard;
pub use panic_guard::REASON as PANICKED;
use parameters::{ParameterError, Parameters};
pub use permit::Permit;
use report::SessionReport;
pub use setup::Setup;
use stats::Stats;
use swap::{PreparedSwap, Swap, SwapError};
pub use upstream::Upstream;
use version_state::VersionState;

/// A running session. Dropping it ends it, without waiting for its threads.
pub struct Session {
    exchange: Arc<Exchange>,
    stream: Arc<Stream>,
    /// Bit rate where the session starts, bits a second.
    start_bitrate: u32,
    /// Of a generator, frames a second.
    fps: Option<f32>,
    intake: Arc<Mutex<Intake>>,
    /// What its pictures come from, if not from frames that are pushed.
    feed: Mutex<Option<Feeding>>,
    /// As long as its threads run.
    setup: Weak<Setup>,
    connections: Connections,
    /// Held while another version is about to take over: one at a time.
    kind: Mutex<Kind>,
    log: Arc<dyn Log>,
    sources: Arc<dyn Sources>,
    account: MemoryAccount,
    threads: Vec<JoinHandle<()>>,
}

impl Session {
    /// Starts the threads. The handler's instance is made on its own thread; a failure of that is an event.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(setup: Setup, connections: Connections) -> Result<Self, Error> {
        Self::start_with(setup, connections, None)
    }

    /// Starts a session whose viewers are elsewhere: `output` takes what is encoded for them, and they
    /// [order](Stream::order) what that is.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start_for(setup: Setup, connections: Connections, output: Arc<dyn Output>) -> Result<Self, Error> {
        Self::start_with(setup, connections, Some(output))
    }

    fn start_with(mut setup: Setup, connections: Connections, output: Option<Arc<dyn Output>>) -> Result<Self, Error> {
        let descriptor = setup.component.descriptor();
        let kind = setup.component.kind();
        let fps = setup.rate();
        let version = VersionState::new(Parameters::new(descriptor), descriptor.size);
        let exchange = Arc::new(Exchange::new(version, setup.policy, setup.budgets.backlog));
        setup.encoding.fps = fps.unwrap_or(setup.encoding.fps);
        let report = Arc::new(SessionReport { exchange: exchange.clone(), events: connections.events.clone() });
        let encoding = setup.encoding.clone();
        let stream = Arc::new(match (kind, output) {
            (Kind::Observer, _) => Stream::without_pictures(),
            (_, None) => Stream::new(encoding, &setup.account, report),
            (_, Some(output)) => Stream::of_elsewhere(encoding, report, output),
        });
        let setup = Arc::new(setup);
        let mut session = Self {
            exchange: exchange.clone(),
            stream: stream.clone(),
            start_bitrate: setup.encoding.bitrate,
            fps,
            intake: Arc::new(Mutex::new(Intake::closed(&setup.account))),
            feed: Mutex::default(),
            setup: Arc::downgrade(&setup),
            connections: connections.clone(),
            kind: Mutex::new(kind),
            log: setup.log.clone(),
            sources: setup.sources.clone(),
            account: setup.account.clone(),
            threads: Vec::new(),
        };
        if kind != Kind::Generator {
            let (intake, frames) = Intake::new(&session.account);
            session.intake = Arc::new(Mutex::new(intake));
            let (exchange, connections, setup) = (exchange.clone(), connections.clone(), setup.clone());
            session.threads.push(Builder::new().name("decode".into()).spawn(move || {
                let _guard = PanicGuard::new(exchange.clone(), "decoding");
                decode::run(&exchange, &frames, &setup, &connections);
            })?);
        }
        session.threads.push(Builder::new().name("handler".into()).spawn(move || {
            let run = || handler::run(&exchange, &setup, &stream, &connections);
            let reason = panic_guard::catch("the handler", run).unwrap_or_else(|reason| reason.to_owned());
            // The end is the last event: what waits to be encoded comes before it.
            stream.close();
            // Dropping what waits to take over ends the wait for it.
            let (swap, failure) = {
                let mut state = exchange.lock();
                state.ended = true;
                (state.swap.take(), state.failure)
            };
            exchange.wake();
            drop(swap);
            connections.events.ended(failure.unwrap_or(&reason));
        })?);
        Ok(session)
    }

    /// The processed video, to which viewers are attached.
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Somebody watches: a generator's stream begins. Further calls change nothing, nor do those for other kinds.
    pub fn begin(&self) {
        let Some(fps) = self.fps else { return };
        self.exchange.lock().frame_clock.get_or_insert_with(|| FrameClock::new(Instant::now(), fps));
        self.exchange.wake();
    }

    /// Frames a second that are asked of a generator; none for other kinds.
    pub fn fps(&self) -> Option<f32> {
        self.fps
    }

    /// Takes a frame from the camera; a generator takes none of it. Never blocks: when the decoder is too far behind, frames
    /// are dropped up to the next keyframe, and the input is asked for one.
    pub fn push(&self, frame: EncodedFrame) {
        push(&self.intake, &self.exchange, &*self.connections.upstream, frame);
    }

    /// Takes its pictures from `feed` from now on, in place of the feed before, which ends. A generator takes none of it. Its end
    /// is an event ([`SessionEvents::input_ended`]), as is what goes wrong with it.
    pub fn feed(&self, feed: Feed) {
        let mut current = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        // The one before stops now, and is gone soon.
        *current = None;
        let Some(setup) = self.setup.upgrade().filter(|_| self.fps.is_none()) else { return };
        let (exchange, intake, connections) = (self.exchange.clone(), self.intake.clone(), self.connections.clone());
        match (Reading { exchange, intake, setup, connections }).start(feed) {
            Ok(feeding) => *current = Some(feeding),
            Err(error) => self.connections.events.input_ended(Some(format!("it cannot be read: {error}"))),
        }
    }

    /// Asks for parameters. They are applied between two frames, which is an event; if some are wrong, these are returned,
    /// and nothing changes.
    pub fn set_parameters(&self, asked: &Map<String, Value>, request: Option<u64>) -> Vec<ParameterError> {
        let wrong = self.exchange.lock().version.parameters.ask(asked, request);
        self.exchange.wake();
        wrong
    }

    /// The parameters that hold.
    pub fn parameters(&self) -> Map<String, Value> {
        self.exchange.lock().version.parameters.json()
    }

    /// The highest bit rate that an encoder is asked for, bits a second; where nobody watches, the one where it would start.
    pub fn bitrate(&self) -> u32 {
        self.stream.bitrate().unwrap_or(self.start_bitrate)
    }

    /// The first packet of a frame left.
    pub fn sent(&self, rtp_timestamp: u32, at: Instant) {
        self.exchange.recorder().sent(rtp_timestamp, at);
    }

    /// Another policy holds from now on; frames that wait are kept as far as it lets them. A generator has no frames that
    /// wait: to it the policy means nothing.
    pub fn set_policy(&self, policy: Policy) {
        self.exchange.set_policy(policy);
    }

    /// The policy that holds.
    pub fn policy(&self) -> Policy {
        self.exchange.lock().policy()
    }

    /// The recent frames of which all has become known since `cursor`, at most [`history::MOST`], and the cursor for the next
    /// time. 0 stands before the first one.
    pub fn frames(&self, cursor: u64) -> (Vec<Row>, u64) {
        self.exchange.recorder().history.since(cursor)
    }

    /// Counts and times.
    pub fn stats(&self) -> Stats {
        let (policy, level) = {
            let state = self.exchange.lock();
            (state.policy(), state.version.level)
        };
        let stats = self.exchange.recorder().stats(Instant::now(), policy, level);
        Stats { renditions: self.stream.renditions(), ..stats }
    }

    /// Another version takes over between two frames. It is started and given the values of the parameters that it has,
    /// too, while the one before goes on; then that one is closed. Returns the first frame that is its own. Blocks for as long
    /// as starting, a call and closing may take.
    ///
    /// # Errors
    /// Why it does not take over.
    pub fn swap(&self, swap: Swap) -> Result<u64, SwapError> {
        let kind = self.kind.lock().unwrap_or_else(PoisonError::into_inner);
        if swap.component.kind() != *kind {
            return Err(SwapError::Kind { session: *kind, successor: swap.component.kind() });
        }
        let parameters = self.exchange.lock().version.parameters.carried(swap.component.descriptor());
        let instance = swap
            .component
            .start(framebox_sandbox::Setup {
                limits: swap.limits.clone(),
                parameters: parameters.all(),
                log: self.log.clone(),
                sources: self.sources.clone(),
                account: self.account.clone(),
            })
            .map_err(SwapError::Start)?;
        let (sender, taken) = sync_channel(1);
        {
            let mut state = self.exchange.lock();
            if state.ended {
                return Err(SwapError::Ended);
            }
            state.swap = Some(Box::new(PreparedSwap { swap, instance, parameters, taken: sender }));
        }
        self.exchange.wake();
        let (sequence, before) = taken.recv().map_err(|_| SwapError::Ended)?;
        if let Some(before) = before {
            before.close();
        }
        Ok(sequence)
    }

    /// Writes the picture that was shown last, whether anybody saw it or not. None before the first one, and of an observer, which
    /// shows none. Blocks for as long as that takes.
    pub fn snapshot(&self, snapshot: &Snapshot) -> Option<Vec<u8>> {
        let picture = self.stream.last_picture()?;
        let written = snapshot.encode(picture.planes());
        written.inspect_err(|error| tracing::warn!(%error, "a snapshot failed")).ok()
    }

    /// True when the session ended because its handler could not even be started.
    pub fn never_started(&self) -> bool {
        self.exchange.recorder().never_started
    }

    /// Ends the session. Its threads end once the call that runs is over, at the latest after its time budget.
    pub fn end(&self) {
        *self.feed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        lock(&self.intake).close();
        self.exchange.lock().ended = true;
        self.exchange.wake();
    }

    /// Ends the session and waits for its threads. Blocks for as long as a call may take.
    pub fn join(mut self) {
        self.end();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of a session panicked");
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}

fn lock(intake: &Mutex<Intake>) -> MutexGuard<'_, Intake> {
    intake.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes an encoded frame to the decode thread, or drops it and asks for a keyframe.
fn push(intake: &Mutex<Intake>, exchange: &Exchange, upstream: &dyn Upstream, frame: EncodedFrame) {
    if !lock(intake).push(frame) {
        exchange.recorder().counts.undecodable += 1;
        upstream.request_keyframe();
    }
}

//! The run of a handler on a stream: starts, feeds and ends its threads.

pub mod connections;
mod decode;
pub(crate) mod exchange;
pub(crate) mod frame_copy;
mod handler;
pub mod history;
pub mod parameters;
pub(crate) mod passthrough;
pub mod policy;
pub(crate) mod rtp_clock;
pub mod stats;
pub mod swap;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use framebox_media::{Codec, EncodedFrame, encode};
use framebox_sandbox::{Component, Kind, Limits, Log, Sources};
use serde_json::{Map, Value};

use crate::budget::Budgets;
use crate::node::AdmissionPermit;
use crate::schedule::frame_clock::{self, FrameClock};
use crate::session::connections::Connections;
use crate::session::exchange::Exchange;
use crate::session::history::Row;
use crate::session::parameters::{ParameterError, Parameters};
use crate::session::policy::Policy;
use crate::session::stats::Stats;
use crate::session::swap::{PreparedSwap, Swap, SwapError};

/// Access units that may wait for the decoder, about a second of video. When more come, they are dropped up to the next
/// keyframe.
const QUEUE: usize = 32;

/// What a session is made of.
pub struct Setup {
    /// The handler.
    pub component: Component,
    /// Frames a second that a generator is asked for; none: what its descriptor says, else [`frame_clock::USUAL_RATE`].
    pub fps: Option<f32>,
    /// Of both directions.
    pub codec: Codec,
    /// What the handler may use.
    pub limits: Limits,
    /// How results are encoded; `bitrate` is where it starts.
    pub encode: encode::Settings,
    /// Takes the handler's log.
    pub log: Arc<dyn Log>,
    /// The videos that were granted.
    pub sources: Arc<dyn Sources>,
    /// Which frames are skipped, and what is shown instead; where the session starts.
    pub policy: Policy,
    /// What the session may use beyond a single call.
    pub budgets: Budgets,
    /// Its place on the node, from [`Node::admit`](crate::node::Node::admit). None: it counts nowhere.
    pub permit: Option<AdmissionPermit>,
}

/// What the outside asks of the encoder.
pub(crate) struct Controls {
    pub(crate) keyframe: AtomicBool,
    pub(crate) bitrate: AtomicU32,
}

/// A running session. Dropping it ends it, without waiting for its threads.
pub struct Session {
    exchange: Arc<Exchange>,
    controls: Arc<Controls>,
    max_bitrate: u32,
    fps: Option<f32>,
    units: Mutex<Intake>,
    /// Held while a successor is on its way: one at a time.
    kind: Mutex<Kind>,
    log: Arc<dyn Log>,
    sources: Arc<dyn Sources>,
    connections: Connections,
    threads: Vec<JoinHandle<()>>,
}

struct Intake {
    units: Option<SyncSender<EncodedFrame>>,
    /// The decoder cannot go on before one: at the start, and after access units were dropped.
    awaits_keyframe: bool,
}

impl Session {
    /// Starts the threads. The handler's instance is made on its own thread; when that fails, the sink is told.
    ///
    /// # Errors
    /// When the decoder cannot be made or the system gives no thread.
    pub fn start(setup: Setup, connections: Connections) -> Result<Self, Error> {
        let mut setup = setup;
        let descriptor = setup.component.descriptor();
        let generates = setup.component.kind() == Kind::Generator;
        let fps = generates.then(|| {
            let fps = setup.fps.or(descriptor.fps).unwrap_or(frame_clock::USUAL_RATE);
            fps.clamp(*frame_clock::RATES.start(), *frame_clock::RATES.end())
        });
        let decoder = if generates { None } else { Some(setup.codec.decoder()?) };
        let exchange =
            Arc::new(Exchange::new(decoder, Parameters::new(descriptor), setup.policy, setup.budgets.backlog));
        let controls =
            Arc::new(Controls { keyframe: AtomicBool::new(false), bitrate: AtomicU32::new(setup.encode.bitrate) });
        setup.encode.fps = fps.unwrap_or(setup.encode.fps);
        let max_bitrate = setup.encode.max_bitrate;
        let setup = Arc::new(setup);
        let (sender, units) = sync_channel(QUEUE);
        let mut session = Self {
            exchange: exchange.clone(),
            controls: controls.clone(),
            max_bitrate,
            fps,
            units: Mutex::new(Intake { units: (!generates).then_some(sender), awaits_keyframe: true }),
            kind: Mutex::new(setup.component.kind()),
            log: setup.log.clone(),
            sources: setup.sources.clone(),
            connections: connections.clone(),
            threads: Vec::new(),
        };
        if !generates {
            let (exchange, upstream, setup) = (exchange.clone(), connections.upstream.clone(), setup.clone());
            session.threads.push(Builder::new().name("decode".into()).spawn(move || {
                decode::run(&exchange, &units, setup.permit.as_ref(), &*upstream);
            })?);
        }
        session.threads.push(Builder::new().name("handler".into()).spawn(move || {
            let reason = handler::run(&exchange, &setup, &controls, &connections);
            // Whoever waits to take over learns of the end by this.
            let swap = {
                let mut state = exchange.lock();
                state.ended = true;
                state.swap.take()
            };
            exchange.wake();
            drop(swap);
            connections.events.ended(&reason);
        })?);
        Ok(session)
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

    /// Hands in what came from the camera; a generator takes none of it. Never blocks: when the decoder is too far behind, access units are dropped up
    /// to the next keyframe, and the sink is asked for one.
    pub fn push(&self, frame: EncodedFrame) {
        let mut intake = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        if intake.units.is_none() {
            return;
        }
        if intake.awaits_keyframe && !frame.keyframe {
            self.exchange.recorder().counts.undecodable += 1;
            drop(intake);
            return self.connections.upstream.request_keyframe();
        }
        intake.awaits_keyframe = match intake.units.as_ref().map(|units| units.try_send(frame)) {
            Some(Err(TrySendError::Full(_))) => {
                self.exchange.recorder().counts.undecodable += 1;
                true
            }
            _ => false,
        };
        if intake.awaits_keyframe {
            drop(intake);
            self.connections.upstream.request_keyframe();
        }
    }

    /// Asks for parameters. They are applied between two frames and reported to the sink, unless some are wrong: these are
    /// returned, and nothing changes.
    pub fn set_parameters(&self, asked: &Map<String, Value>, request: Option<u64>) -> Vec<ParameterError> {
        let wrong = self.exchange.lock().parameters.ask(asked, request);
        self.exchange.wake();
        wrong
    }

    /// The parameters that hold.
    pub fn parameters(&self) -> Map<String, Value> {
        self.exchange.lock().parameters.json()
    }

    /// The next picture is to be a keyframe.
    pub fn request_keyframe(&self) {
        self.controls.keyframe.store(true, Relaxed);
    }

    /// What the path to the viewer carries, bits a second; limited to the encoder's maximum.
    pub fn set_bitrate(&self, bits_per_second: u32) {
        self.controls.bitrate.store(bits_per_second.min(self.max_bitrate), Relaxed);
    }

    /// The bit rate that the encoder is asked for, bits a second.
    pub fn bitrate(&self) -> u32 {
        self.controls.bitrate.load(Relaxed)
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
        self.exchange.recorder().policy
    }

    /// The recent frames whose fate was settled since `cursor`, at most [`history::MOST`](crate::session::history::MOST), and the cursor
    /// for the next time. 0 stands before the first one.
    pub fn frames(&self, cursor: u64) -> (Vec<Row>, u64) {
        self.exchange.recorder().history.since(cursor)
    }

    /// Counts and times.
    pub fn stats(&self) -> Stats {
        self.exchange.recorder().stats(Instant::now())
    }

    /// Another component takes over between two frames. It is started and given the values of the parameters that it has,
    /// too, while the one before goes on; then that one is closed. Returns the first frame that is the successor's. Blocks
    /// for as long as starting, a call and closing may take.
    ///
    /// # Errors
    /// Why it does not take over.
    pub fn swap(&self, successor: Swap) -> Result<u64, SwapError> {
        let kind = self.kind.lock().unwrap_or_else(PoisonError::into_inner);
        if successor.component.kind() != *kind {
            return Err(SwapError::Kind { session: *kind, successor: successor.component.kind() });
        }
        let parameters = self.exchange.lock().parameters.carried(successor.component.descriptor());
        let instance = successor
            .component
            .start(framebox_sandbox::Setup {
                limits: successor.limits.clone(),
                parameters: parameters.all(),
                log: self.log.clone(),
                sources: self.sources.clone(),
            })
            .map_err(SwapError::Start)?;
        let (sender, taken) = sync_channel(1);
        {
            let mut state = self.exchange.lock();
            if state.ended {
                return Err(SwapError::Ended);
            }
            state.swap = Some(Box::new(PreparedSwap { successor, instance, parameters, taken: sender }));
        }
        self.exchange.wake();
        let (sequence, before) = taken.recv().map_err(|_| SwapError::Ended)?;
        if let Some(before) = before {
            before.close();
        }
        Ok(sequence)
    }

    /// True when the session ended because its handler could not even be started.
    pub fn never_started(&self) -> bool {
        self.exchange.recorder().never_started
    }

    /// Tells the threads to end. They do so once the call that runs is over, at the latest after its time budget.
    pub fn end(&self) {
        self.units.lock().unwrap_or_else(PoisonError::into_inner).units = None;
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

/// Why a session could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The codec could not be set up.
    #[error("the decoder could not be set up: {0}")]
    Codec(#[from] framebox_media::Error),
    /// The system gave no thread.
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
}

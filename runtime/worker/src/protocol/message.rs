//! What is said.

use framebox_media::snapshot::Snapshot;
use framebox_pipeline::session::history::Row;
use framebox_pipeline::session::parameters::{Applied, ParameterError};
use framebox_pipeline::session::stats::Stats;
use framebox_pipeline::session::swap::SwapError;
use framebox_pipeline::stream::{self, Order, RenditionId};
use framebox_pipeline::{Budgets, Notice, Policy};
use framebox_sandbox::{CallError, Level, Limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What a session is made of, as far as it crosses. The component's code travels beside it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    /// The description of [`framebox_sandbox::Parts::split`].
    pub(crate) component: String,
    pub(crate) fps: Option<f32>,
    /// Width and height.
    pub(crate) largest_input: (u32, u32),
    pub(crate) limits: Limits,
    pub(crate) encoding: stream::Settings,
    pub(crate) policy: Policy,
    pub(crate) budgets: Budgets,
    /// What may be held for the session, bytes.
    pub(crate) account: usize,
    /// The session's use is to be reported.
    pub(crate) metered: bool,
}

/// From the server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// The first message.
    Start(Box<Start>),
    /// In place of a session: the handler is run on pictures of the worker's own. Its code travels beside it.
    Probe { component: String, limits: Limits, account: usize },
    /// A generator's stream begins.
    Begin,
    /// Parameters are asked for.
    Parameters { asked: Map<String, Value>, request: Option<u64> },
    /// Another policy holds.
    Policy(Policy),
    /// What the viewers order.
    Rendition { id: RenditionId, order: Order },
    /// The first packet of a frame left.
    Sent { rtp_timestamp: u32, at: i64 },
    /// The fair share under contention, ms of CPU a second.
    Share(Option<f64>),
    /// Another version takes over. Its code travels beside it.
    Swap { number: u64, component: String, limits: Limits, budgets: Budgets },
    /// [`FromWorker::Stats`] is asked for.
    Stats { number: u64 },
    /// The picture that was shown last is asked for; the answer is no JSON.
    Snapshot { number: u64, snapshot: Snapshot },
    /// [`FromWorker::Frames`] is asked for.
    Frames { number: u64, cursor: u64 },
    /// The answer to [`FromWorker::OpenSource`], and whether the file starts over at its end; the file, or the pipe into which it is
    /// decoded, travels beside it.
    Source { number: u64, opened: Result<bool, String> },
    /// Pictures come from the file that travels beside it: a pipe, or a file that may start over.
    Feed { is_pipe: bool, looped: bool },
    /// The session ends.
    End,
}

/// From a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromWorker {
    /// It is confined and waits for a session. Whether a network of its own and Landlock are in force.
    Ready { network: bool, files: bool },
    /// The pipeline runs, or why not.
    Started(Result<(), String>),
    /// The handler put values.
    Values { sequence: u64, pts_us: i64, values: Vec<(String, Box<RawValue>)> },
    /// Parameters were applied.
    Applied(Applied),
    /// Something that the person watching should know.
    Notice(Notice),
    /// A line of the handler's log.
    Log { level: Level, message: String },
    /// Decoding needs a keyframe.
    Keyframe,
    /// CPU time used since the last report, µs, and what the session holds, bytes.
    Used { us: u64, bytes: u64 },
    /// A source is to be opened, or decoded because it cannot be read.
    OpenSource { number: u64, name: String, decoded: bool },
    /// A source was closed.
    CloseSource { number: u64 },
    /// A version took over from this frame on, with these parameters; or why not.
    Swapped { number: u64, outcome: Result<(u64, Map<String, Value>), SwapError> },
    /// Counts and times.
    Stats { number: u64, stats: Box<Stats> },
    /// Recent frames, and the cursor for the next time.
    Frames { number: u64, rows: Vec<Row>, cursor: u64 },
    /// Parameters that were asked for are refused.
    Refused { wrong: Vec<ParameterError>, request: Option<u64> },
    /// A feed came to its end, or broke.
    InputEnded(Option<String>),
    /// The outcome of a probe.
    Probed(Option<CallError>),
    /// A thread panicked; for the log.
    Panicked(String),
    /// The session is over; nothing follows.
    Ended { reason: String, never_started: bool },
}

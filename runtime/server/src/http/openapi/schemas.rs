//! Shapes of bodies, for the document only: what is sent is made elsewhere, and tests hold the two together.

// Only their schemas are used.
#![allow(dead_code)]

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

/// An error (RFC 9457). It says what to do; further members are for programs.
#[derive(ToSchema)]
pub struct Problem {
    /// The status in words.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request, for people.
    detail: String,
    /// What is wrong with parameters, by id.
    #[schema(nullable = false)]
    parameters: Option<BTreeMap<String, String>>,
}

/// An error as FastRTC's clients know it.
#[derive(ToSchema)]
pub struct Failure {
    /// `failed`
    status: String,
    meta: FailureMeta,
}

#[derive(ToSchema)]
pub struct FailureMeta {
    /// For programs.
    error: String,
    /// For people.
    message: String,
    /// Sessions that the server carries at once, when it is full.
    #[schema(nullable = false)]
    limit: Option<u32>,
}

/// An offer, or a candidate that is trickled before or after it.
#[derive(ToSchema)]
pub struct Signal {
    /// Becomes the session's id.
    #[schema(min_length = 1, max_length = 128)]
    webrtc_id: String,
    r#type: SignalType,
    /// The offer's SDP.
    #[schema(nullable = false)]
    sdp: Option<String>,
    /// The candidate; null: there are no more.
    candidate: Option<Candidate>,
}

#[derive(ToSchema)]
#[schema(rename_all = "kebab-case")]
pub enum SignalType {
    Offer,
    IceCandidate,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Candidate {
    candidate: String,
    sdp_mid: Option<String>,
    sdp_m_line_index: Option<u16>,
}

/// The answer to an offer has `sdp` and `type`, that to a candidate `status`.
#[derive(ToSchema)]
pub struct Signalled {
    #[schema(nullable = false)]
    sdp: Option<String>,
    #[schema(nullable = false)]
    r#type: Option<String>,
    #[schema(nullable = false)]
    status: Option<String>,
}

#[derive(ToSchema)]
pub struct Sessions {
    sessions: Vec<Summary>,
    /// Sessions at once.
    limit: u32,
}

/// A session in a list.
#[derive(ToSchema)]
pub struct Summary {
    id: String,
    handler: String,
    state: String,
    /// Since its offer was answered, milliseconds.
    age_ms: u64,
}

/// A session with its statistics. Further members may come.
#[derive(ToSchema)]
pub struct Session {
    id: String,
    handler: String,
    digest: String,
    /// Of the handler.
    version: u64,
    codec: String,
    state: String,
    age_ms: u64,
    budget: Budget,
    /// Values that hold, by id; absent once the session ended.
    #[schema(nullable = false, value_type = Option<Object>)]
    parameters: Option<Value>,
    /// Counts of frames: received, processed, skipped and failed by reason, sent.
    #[schema(nullable = false, value_type = Option<Object>)]
    frames: Option<Value>,
    /// Median, 95th percentile and maximum of each stage over the recent frames, milliseconds.
    #[schema(nullable = false, value_type = Option<Object>)]
    stages_ms: Option<Value>,
    /// A generator's rate, frames a second.
    fps: Option<f32>,
}

/// Which frames are skipped.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Skipping {
    /// The newest frame is next, whenever the handler is done.
    Latest,
    /// Frames are taken at even distances that the handler can keep.
    Adaptive,
    /// None, as far as the queue carries.
    Never,
}

/// What is shown for a frame without a result.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Unprocessed {
    /// The last result.
    Hold,
    /// The frame as it came.
    Passthrough,
}

/// What is left out stays.
#[derive(ToSchema)]
pub struct PolicyChange {
    #[schema(nullable = false)]
    policy: Option<Skipping>,
    #[schema(nullable = false)]
    unprocessed: Option<Unprocessed>,
}

#[derive(ToSchema)]
pub struct Frames {
    frames: Vec<Row>,
    /// Pass it as `after` to get what comes from here on.
    next: u64,
}

/// What became of a frame.
#[derive(ToSchema)]
pub struct Row {
    sequence: u64,
    pts_us: i64,
    outcome: Outcome,
    /// Why it was skipped, or what failed.
    reason: Option<String>,
    /// Microseconds; 0 for a stage that it did not come to.
    decode_us: u64,
    wait_us: u64,
    handler_us: u64,
    encode_us: u64,
    fuel: u64,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Outcome {
    Processed,
    Skipped,
    Failed,
    Finished,
}

/// What one call of the handler may use.
#[derive(ToSchema)]
pub struct Budget {
    call_ms: f64,
    call_fuel: u64,
    memory_bytes: u64,
}

#[derive(ToSchema)]
pub struct Parameters {
    /// All values, by id.
    #[schema(value_type = Object)]
    parameters: Value,
}

#[derive(ToSchema)]
pub struct Applied {
    /// All values, by id.
    #[schema(value_type = Object)]
    parameters: Value,
    /// The frame from which they hold; absent when they are kept for a handler that is still busy.
    #[schema(nullable = false)]
    sequence: Option<u64>,
    /// `success`, for FastRTC's pages.
    #[schema(nullable = false)]
    status: Option<String>,
}

/// Further members are values by the ids of parameters.
#[derive(ToSchema)]
pub struct InputHook {
    /// The session.
    webrtc_id: String,
}

#[derive(ToSchema)]
pub struct Log {
    lines: Vec<Line>,
    /// Lines of those asked for that are not kept any more.
    dropped: u64,
}

#[derive(ToSchema)]
pub struct Line {
    /// Counts from 1.
    n: u64,
    /// Since the session began, milliseconds.
    at_ms: u64,
    level: Level,
    message: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

#[derive(ToSchema)]
pub struct Health {
    /// `ok`
    status: String,
    sessions: u32,
    limit: u32,
    /// What sessions use of the machine; null: that is not limited.
    load: Option<Load>,
    version: String,
}

/// CPU time, ms a second.
#[derive(ToSchema)]
pub struct Load {
    used_ms: f64,
    capacity_ms: f64,
}

#[derive(ToSchema)]
pub struct Handlers {
    handlers: Vec<Handler>,
    /// The handler of an offer that names none.
    default: String,
}

/// A handler: its descriptor with name, kind and digest.
#[derive(ToSchema)]
pub struct Handler {
    name: String,
    kind: Kind,
    digest: String,
    /// Comes with the program.
    builtin: bool,
    /// The active one.
    version: u64,
    title: String,
    summary: String,
    parameters: Vec<Parameter>,
    outputs: Vec<Output>,
    /// At which it wants frames.
    size: Option<Size>,
    /// At which it wants or makes frames, frames a second.
    fps: Option<f32>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Kind {
    Transform,
    Generator,
    Observer,
}

#[derive(ToSchema)]
pub struct Size {
    width: u32,
    height: u32,
}

/// A knob; which further members it has depends on its kind.
#[derive(ToSchema)]
pub struct Parameter {
    id: String,
    label: String,
    help: Option<String>,
    group: Option<String>,
    kind: ParameterKind,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum ParameterKind {
    Number,
    Integer,
    Toggle,
    Choice,
    Text,
    Color,
    Button,
}

/// A value that a handler puts beside its pictures.
#[derive(ToSchema)]
pub struct Output {
    id: String,
    label: String,
    kind: OutputKind,
    unit: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum OutputKind {
    Number,
    Gauge,
    Text,
    Json,
    Image,
    Table,
    Plot,
}

/// A version that was uploaded.
#[derive(ToSchema)]
pub struct Uploaded {
    name: String,
    #[schema(minimum = 1)]
    version: u64,
    /// `sha256:` and 64 hexadecimal digits.
    digest: String,
    kind: Kind,
    #[schema(value_type = Object)]
    descriptor: Value,
    /// Interfaces that it takes from the host.
    imports: Vec<String>,
    bytes: u64,
    times_ms: Times,
    /// It is the handler's active version.
    active: bool,
}

#[derive(ToSchema)]
pub struct Times {
    compile: f64,
    describe: f64,
}

#[derive(ToSchema)]
pub struct UploadForm {
    #[schema(format = Binary)]
    component: String,
}

#[derive(ToSchema)]
pub struct Versions {
    versions: Vec<Version>,
    active: Option<u64>,
    canary: Option<Canary>,
}

#[derive(ToSchema)]
pub struct Version {
    #[schema(minimum = 1)]
    version: u64,
    digest: String,
    kind: Kind,
    bytes: u64,
    /// When it came (RFC 3339); null for what comes with the program or its configuration.
    #[schema(format = DateTime)]
    uploaded: Option<String>,
    active: bool,
    /// What it may use, as far as that came with it: keys of `[limits]`.
    #[schema(value_type = Object)]
    limits: Value,
    /// Live sessions that use it.
    sessions: u64,
    /// Why it was taken back, if it was since the server started.
    rolled_back: Option<String>,
}

/// A version to make active, or one to try on a share of fresh sessions.
#[derive(ToSchema)]
pub struct Activation {
    #[schema(nullable = false, minimum = 1)]
    version: Option<u64>,
    /// Null: there is to be none.
    canary: Option<Canary>,
}

#[derive(ToSchema)]
pub struct Chosen {
    name: String,
    active: Option<u64>,
    /// The version that was active before, to which a rollback goes.
    previous: Option<u64>,
    canary: Option<Canary>,
}

#[derive(ToSchema)]
pub struct Canary {
    #[schema(minimum = 1)]
    version: u64,
    #[schema(minimum = 0.0, maximum = 1.0)]
    share: f64,
}

#[derive(ToSchema)]
pub struct Progress {
    stage: Stage,
    /// That have come.
    bytes: u64,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Stage {
    Receiving,
    Checking,
    Compiling,
    Describing,
    Storing,
    Done,
    Failed,
}

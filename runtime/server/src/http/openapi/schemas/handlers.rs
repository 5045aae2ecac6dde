//! The catalog.

use serde_json::Value;
use utoipa::ToSchema;

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

/// Where the build of a version stands.
#[derive(ToSchema)]
pub struct Build {
    state: Building,
    /// What the compiler said.
    #[schema(nullable = false, max_length = 8192)]
    message: Option<String>,
}

/// A step of a build.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum Building {
    /// It began.
    Running,
    /// There is no component of it.
    Failed,
    /// It is uploaded.
    Done,
}

/// Principal was told.
#[derive(ToSchema)]
pub struct Told {
    /// Sessions of the handler.
    sessions: usize,
}

//! Video handlers as WebAssembly components: checked, compiled, started, called within a budget.
//!
//! **A guest can hurt nobody but its own instance: every call ends at its deadline or when its fuel is used up, memory
//! and everything the host keeps for it is bounded, and nothing is granted that was not handed in.**
//!
//! Every call blocks the calling thread until it ends, so it belongs on a thread of its own, not on one that runs
//! async tasks.
//!
//! | module | what it holds |
//! |---|---|
//! | [`engine`] | [`Engine`]: compiler, pools and the clock that deadlines are read by |
//! | [`inspect`] | what is looked at before anything is compiled: [`CompileLimits`], [`LoadError`] |
//! | [`compiler`] | [`Compiler`]: compiling apart from running, for a process of its own |
//! | [`component`] | [`Component`]: a handler, compiled and described |
//! | [`instance`] | [`Instance`]: a running handler, one for each session |
//! | [`call`] | what goes into a call and what comes out of it |
//! | [`limits`] | [`Limits`] and [`Budget`] |
//! | [`call_error`] | [`CallError`]: the ways in which a call ends without a result |
//! | [`descriptor`], [`parameter`], [`value`] | what a handler says of itself, its knobs, and what is passed |
//! | [`log`] | [`Log`]: where a handler's words go, at a bounded rate |
//! | [`sources`] | [`Sources`]: videos granted by name |
//! | [`deterministic`] | [`Deterministic`]: clocks and chance that are the same each time |

pub mod call;
pub mod call_error;
pub mod compiler;
pub mod component;
pub mod descriptor;
pub mod deterministic;
pub mod engine;
pub mod inspect;
pub mod instance;
pub mod limits;
pub mod log;
pub mod parameter;
pub mod sources;
pub mod value;

mod bindings;
mod block;
mod bulk;
mod canvas;
mod growth;
mod host;
mod journal;
mod pool;
mod state;
mod stopwatch;
mod ticker;
mod values;
mod wasi;
mod wire;

pub use call::{Call, Cost, Input, Output};
pub use call_error::CallError;
pub use compiler::{Code, Compiler};
pub use component::{Component, Digest, Kind, ParseDigestError, Setup};
pub use descriptor::Descriptor;
pub use deterministic::Deterministic;
pub use engine::{Engine, EngineError, Settings};
pub use inspect::{CompileLimits, LoadError};
pub use instance::Instance;
pub use limits::{Budget, Limits};
pub use log::{Level, Log, NoLog};
pub use parameter::Parameter;
pub use sources::{NoSources, Source, SourceFrame, SourceInfo, Sources};
pub use value::{NamedValue, Value};

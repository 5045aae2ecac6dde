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
//! | [`load`] | what is looked at before anything is compiled: [`Allowance`], [`Refused`] |
//! | [`compiler`] | [`Compiler`]: compiling apart from running, for a process of its own |
//! | [`component`] | [`Component`]: a handler, compiled and described |
//! | [`instance`] | [`Instance`]: a running handler, one for each session |
//! | [`call`] | what goes into a call and what comes out of it |
//! | [`limits`] | [`Limits`] and [`Budget`] |
//! | [`failure`] | [`Failure`]: the ways in which a call ends without a result |
//! | [`descriptor`], [`parameter`], [`value`] | what a handler says of itself, its knobs, and what is passed |
//! | [`log`] | [`Log`]: where a handler's words go, at a bounded rate |
//! | [`sources`] | [`Sources`]: videos granted by name |
//! | [`simulated`] | [`Simulated`]: clocks and chance that are the same each time |

pub mod call;
pub mod compiler;
pub mod component;
pub mod descriptor;
pub mod engine;
pub mod failure;
pub mod instance;
pub mod limits;
pub mod load;
pub mod log;
pub mod parameter;
pub mod simulated;
pub mod sources;
pub mod value;

mod bindings;
mod block;
mod bulk;
mod canvas;
mod growth;
mod host;
mod journal;
mod state;
mod stopwatch;
mod ticker;
mod values;
mod wasi;
mod wire;

pub use call::{Call, Cost, Input, Output};
pub use compiler::{Code, Compiler};
pub use component::{Component, Digest, Kind, NoDigest, Setup};
pub use descriptor::Descriptor;
pub use engine::{Engine, Error, Settings};
pub use failure::Failure;
pub use instance::Instance;
pub use limits::{Budget, Limits};
pub use load::{Allowance, Refused};
pub use log::{Level, Log, NoLog};
pub use parameter::Parameter;
pub use simulated::Simulated;
pub use sources::{NoSources, Shot, Source, SourceInfo, Sources};
pub use value::{NamedValue, Value};

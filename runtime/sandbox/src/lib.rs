//! Video handlers as WebAssembly components: inspected, compiled, instantiated, and called within a budget.
//!
//! **A guest can harm only its own instance: every call ends at its deadline or when its fuel is used up, its memory and
//! everything that the host stores for it are bounded, and nothing is granted that the caller did not pass in.**
//!
//! Every call blocks the calling thread until it ends, so it must not run on an async thread.
//!
//! The public face is small: [`Engine::load`] makes a [`Component`], [`Component::start`] an [`Instance`],
//! [`Instance::process`] or [`Instance::next`] makes a [`Call`], [`Instance::close`] ends it.
//!
//! | module | contents |
//! |---|---|
//! | [`inspect`] | checks before compilation: [`CompileLimits`], [`LoadError`] |
//! | `compile` | [`Compiler`]: compilation in a process of its own; splitting of bulk operations |
//! | `engine` | [`Engine`]: the WebAssembly engine, its pools, timers and deadlines |
//! | `load` | `Engine::load` and its variants |
//! | `component` | [`Component`]: a loaded handler; [`Setup`] |
//! | `parts` | [`Parts`]: what another process needs to run a component |
//! | `run` | [`Instance`]: a running handler; execution within a budget |
//! | `host` | the host's side of each import |
//! | `state` | what the host stores for an instance |
//! | `abi` | the types of the WIT interface, and conversion from and to them |
//! | [`descriptor`], [`parameter`], `value` | what a handler declares, its parameters, and their values |
//! | `json` | [`Json`]: values of outputs as text, charged to the session's [`MemoryAccount`] |
//! | `call`, `call_error`, `limits` | input, output and cost of a call, [`CallError`], [`Limits`] and [`Budget`] |
//! | `log`, `sources` | what the caller passes in: [`Log`] and [`Sources`] |
//! | `probe` | [`Component::probe`]: runs a handler on the host's own pictures |
//! | `deterministic` | [`Deterministic`]: clocks and random numbers for runs that can be repeated |

pub mod descriptor;
pub mod inspect;
pub mod parameter;

mod abi;
mod call;
mod call_error;
mod compile;
mod component;
mod deterministic;
mod digest;
mod engine;
mod host;
mod json;
mod kind;
mod limits;
mod load;
mod log;
mod parts;
mod probe;
mod run;
mod sources;
mod state;
mod text;
mod value;

pub use call::{Call, Cost, Input, Output};
pub use call_error::CallError;
pub use compile::{Code, Compiler};
pub use component::{Component, Setup};
pub use descriptor::Descriptor;
pub use deterministic::Deterministic;
pub use digest::{Digest, ParseDigestError};
pub use engine::{Engine, EngineError, Guests, Settings};
pub use framebox_picture::{Charge, MemoryAccount, MemoryLimitError};
pub use inspect::{CompileLimits, LoadError};
pub use json::{Json, OutputValue};
pub use kind::Kind;
pub use limits::{Budget, Limits};
pub use log::{Level, Log, NoLog};
pub use parameter::Parameter;
pub use parts::{Parts, PartsError};
pub use run::Instance;
pub use sources::{NoSources, Source, SourceFrame, SourceInfo, Sources};
pub use value::{NamedValue, Value};

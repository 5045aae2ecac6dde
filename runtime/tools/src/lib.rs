//! Commands for authors of handlers that work without a server: create a project, check a component, run it on a file, and
//! measure it.
//!
//! **A component gets the same verdict as from a server with default settings: the same checks, limits and error messages.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`new`] | `framebox new`: creates a project that builds without changes |
//! | [`check`] | `framebox check`: describes a component and runs it on generated frames |
//! | [`run`] | `framebox run`: processes a video file |
//! | [`mod@bench`] | `framebox bench`: measures time, fuel and memory of a handler |
//! | [`project`] | the project file `framebox.toml` |
//! | [`host`] | [`Host`]: the limits and the compiler that these commands apply |
//! | [`error`] | [`Error`] and its exit codes |
//! | `runner` | runs a handler frame by frame, and restarts it as a server would |
//! | `pattern` | a moving test picture, which is also available as a source |
//! | `settings`, `size` | parameters and sizes from the command line |
//! | `statistics` | percentiles of measurements |
//! | `text` | tables, units, and untrusted text made safe for a terminal |

pub mod bench;
pub mod check;
pub mod error;
pub mod host;
pub mod new;
pub mod project;
pub mod run;

mod pattern;
mod runner;
mod settings;
mod size;
mod statistics;
mod text;

pub use error::Error;
pub use host::{CompileError, Host};

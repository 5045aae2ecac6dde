//! For authors of handlers: what a server would say to a component, and what it costs, without a server.
//!
//! **A component is judged as a server would: by the same checks, within the same limits, in the same words.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`check`] | `framebox check`: what a component is, and a trial of it |
//! | [`run`] | `framebox run`: a video through a handler, file to file |
//! | [`new`] | `framebox new`: a project that builds as it is |
//! | [`bench`] | `framebox bench`: what its frames cost, in time and fuel |
//! | [`project`] | `framebox.toml`: what builds a handler |
//! | [`host`] | [`Host`]: what the program lends these commands, so that they judge as its server does |
//! | [`error`] | [`Error`]: why a command ends without what was asked for |
//! | `subject` | a handler at work |
//! | `pattern` | a moving test picture, also as a source |
//! | `settings`, `size` | parameters and sizes from the command line |
//! | `figures`, `text` | spreads of measurements; tables, and texts that a terminal may show |

pub mod bench;
pub mod check;
pub mod error;
pub mod host;
pub mod new;
pub mod project;
pub mod run;

mod figures;
mod pattern;
mod settings;
mod size;
mod subject;
mod text;

pub use error::Error;
pub use host::{Host, NoCode};

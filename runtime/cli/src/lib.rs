//! The commands of the `framebox` program.
//!
//! **Every failure has a documented exit code, and a message on standard error that says what to do.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`args`] | [`Cli`] and [`Command`]: the command line |
//! | [`serve`] | `framebox serve`: runs the server |
//! | [`push`], [`handlers`] | `framebox push`, `framebox handlers`: the handlers of a running server |
//! | [`dev`] | `framebox dev`: builds and uploads after each change |
//! | [`doctor`] | `framebox doctor`: tries what a session needs |
//! | [`token`] | `framebox token`: the access tokens in a data directory |
//! | [`tools`] | `framebox new`, `check`, `run`, `bench`: the commands that work without a server |
//! | [`client`] | requests to a running server |
//! | [`progress`] | the progress line of an upload |
//! | [`exit`] | exit codes and [`exit::CommandError`] |
//! | [`logging`] | the program's log |

pub mod args;
pub mod client;
pub mod dev;
pub mod doctor;
pub mod exit;
pub mod handlers;
pub mod logging;
pub mod progress;
pub mod push;
pub mod serve;
pub mod token;
pub mod tools;

pub use args::{Cli, Command};
pub use clap::Parser;

//! Reads any video by `ffmpeg`, which runs as a jailed child and writes pictures into a pipe.
//!
//! **Who takes over that child has its source, and nothing else: no other file, no address that was not checked, no
//! credentials of another source.** Only the operator's configuration says what it reads; what it says is for people, and holds
//! no address and no password.
//!
//! What comes out of the pipe is NUT (the container format of FFmpeg and MPlayer): pictures of I420, BT.601, limited range,
//! upright, with square pixels and of one size, or H.264 as it is. It is hostile bytes to whoever reads it.
//!
//! | module | contents |
//! |---|---|
//! | `find` | [`Ffmpeg`]: where the programs are |
//! | [`input`] | [`Input`]: what is read, and its text in the configuration |
//! | [`options`] | [`Options`]: how fast, and what comes out |
//! | `arguments` | the command line |
//! | `run` | [`Run`]: one run, its output and its outcome |
//! | `watch` | the thread that has the child: silence, time, connections, its last words |
//! | `network`, `dns`, `address` | the connections of a source: which are allowed, how names are found |
//! | [`failure`] | [`Failure`]: why a source gives no pictures, in words |
//! | `words`, `redact` | what ffmpeg says, and the same without addresses |
//! | [`retry`], [`supervised`] | when a source is taken up again; runs one for ever |
//! | [`child`] | the hidden command `framebox ffmpeg`: confines itself, then executes ffmpeg |

mod address;
mod arguments;
pub mod child;
mod dns;
pub mod failure;
mod find;
pub mod input;
mod network;
pub mod options;
mod redact;
pub mod retry;
mod run;
pub mod supervised;
mod watch;
mod words;

pub use failure::Failure;
pub use find::Ffmpeg;
pub use input::Input;
pub use options::{Options, Output, Pace};
pub use run::{Outcome, Run, Running};
pub use supervised::{Event, Supervised};

//! Where sessions run: on threads of the server, or each in a process of its own behind a second wall.
//!
//! **Who takes over a guest or a codec in a worker process has that session, and nothing else: no file, no network, no other
//! session, no secret of the server.** [`framebox_jail`] builds the wall; what crosses it are coded frames and short
//! messages over one socket, and everything that comes from a worker is bounded and checked like what comes from a stranger.
//! Pictures never cross: decoder, handler and encoder of a session are on the same side.
//!
//! | module | contents |
//! |---|---|
//! | [`running`] | [`RunningSession`]: a session, wherever it runs; it starts when its peer is connected |
//! | `workers` | [`Workers`]: makes sessions, and keeps processes ready for them |
//! | `snapshots` | snapshots of a session, one at a time |
//! | `process` | the server's side of a worker process |
//! | [`child`] | the worker process: `framebox worker` |
//! | `protocol` | what the two say to each other |
//! | [`sources`] | the videos that a handler may read, on either side |

pub mod child;
mod process;
mod protocol;
pub mod running;
mod snapshots;
pub mod sources;
mod workers;

pub use running::{RunningSession, Setup, StartError};
pub use workers::{Isolation, Probe, Processes, Workers};

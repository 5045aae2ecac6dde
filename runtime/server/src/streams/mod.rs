//! Streams: named, processed videos with one input and any number of viewers.
//!
//! **A stream outlives its input, its session and each of its viewers.** Its session runs the handler; publishers, sources and
//! viewers come and go.
//!
//! | module | what it holds |
//! |---|---|
//! | `settings` | [`Settings`]: what a stream is made of, and who may do what |
//! | `registry` | [`Streams`]: the streams by name; who publishes and who watches |
//! | `stream` | [`Stream`]: one of them |
//! | `run` | the task of a stream: starts its session when it is needed, and ends it |
//! | `presence` | decides when a session is needed; pure |
//! | `record` | records streams, on demand or always |
//! | `source` | the task that keeps a source delivering |
//! | `publisher` | a connection that publishes into a stream |
//! | `viewer` | a connection that watches one |
//! | `counter_offers` | offers of this side to viewers whose own ones cannot be answered |
//! | `link` | what both have: the peer, its state, later offers |
//! | `error` | [`Error`]: why something is refused |

mod counter_offers;
mod error;
mod link;
mod presence;
mod publisher;
mod record;
mod registry;
mod run;
mod settings;
mod source;
mod stream;
mod viewer;

pub use error::Error;
pub use link::{Link, Role};
pub use presence::Start;
pub use registry::{Connected, Connection, Streams, Target};
pub use settings::{Audience, Change, Control, Input, Settings, Visitor, check_name};
pub use stream::{Report, State, Stream, Summary};

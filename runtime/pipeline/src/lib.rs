//! A session: encoded frames from a camera, or the ticks of a clock, go in; a handler's encoded pictures and values come
//! out.
//!
//! **Latency does not grow: what waits between two stages is bounded, and the newest frame always gets through.**
//!
//! ```text
//! EncodedFrame ─▶ queue ─▶ decode ─▶ [gate] ─▶ handler ─▶ [one picture] ─▶ encode ─▶ viewers
//!                          [frame clock] ─▶
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`session`] | the run of a handler on a stream: decode thread, handler thread, statistics |
//! | [`schedule`] | which frames are processed, and when a generator's frames are due; pure |
//! | [`budget`] | what a session may use, and what happens when it uses more; pure |
//! | [`stream`] | a processed video: encoded once for each rendition, for any number of viewers |
//! | [`node`] | which sessions the machine takes on, and what they use |

pub mod budget;
mod cpu;
pub mod node;
pub mod schedule;
pub mod session;
pub mod stream;

pub use budget::Budgets;
pub use schedule::policy::{Policy, Skipping, UnknownPolicyError, Unprocessed};
pub use session::{Connections, Feed, Notice, Permit, Session, SessionEvents, Setup, Severity, Upstream};

pub use stream::{Attachment, Needs, Stream, Viewer};

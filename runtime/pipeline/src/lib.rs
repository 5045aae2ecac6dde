//! A session: a camera's access units, or the ticks of a clock, go in; a handler's encoded pictures and values come out.
//!
//! **Latency does not grow: between two stages at most one picture waits, and a newer one takes its place.**
//!
//! Two threads serve a session. The *decode* thread decodes every access unit, since inter-coded frames need it, and
//! leaves the picture where it is: in the decoder. The *handler* thread copies a picture out only once it has time
//! for it, so that a skipped frame costs neither copy nor conversion; it then calls the component and encodes.
//!
//! A generator has no decode thread: the handler thread asks it for a frame whenever one is due.
//!
//! ```text
//! access units ─▶ queue ─▶ decode ─▶ [one picture, Gate] ─▶ handler ─▶ encode ─▶ Sink
//!                                        [a tick, Pacer] ─▶
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`session`] | [`Session`]: starts, feeds and ends the two threads |
//! | [`sink`] | [`Sink`]: where results, values and notices go |
//! | [`gate`] | which pictures are processed and which are skipped; pure |
//! | [`pacer`] | when a generator's next frame is due; pure |
//! | [`breaker`] | when a handler that fails again and again rests; pure |
//! | [`parameters`] | what a person asked for, checked, waiting to be applied between two frames |
//! | [`stats`] | counts, and what each stage took for the recent frames |
//! | `clock` | RTP timestamps unwrapped to presentation times |
//! | `desk` | what the two threads share: decoder, gate, wake-ups |
//! | `decode`, `handle` | the bodies of the two threads |

pub mod breaker;
mod clock;
mod decode;
mod desk;
pub mod gate;
mod handle;
pub mod pacer;
pub mod parameters;
pub mod session;
pub mod sink;
pub mod stats;

pub use session::{AccessUnit, Session, Setup};
pub use sink::{Frame, Notice, Severity, Sink};

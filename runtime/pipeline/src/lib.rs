//! A session: a camera's access units go in, a handler's encoded pictures and values come out.
//!
//! **Latency does not grow: between two stages at most one picture waits, and a newer one takes its place.**
//!
//! Two threads serve a session. The *decode* thread decodes every access unit, since inter-coded frames need it, and
//! leaves the picture where it is: in the decoder. The *handler* thread copies a picture out only once it has time
//! for it, so that a skipped frame costs neither copy nor conversion; it then calls the component and encodes.
//!
//! ```text
//! access units ─▶ queue ─▶ decode ─▶ [one picture, Gate] ─▶ handler ─▶ encode ─▶ Sink
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`session`] | [`Session`]: starts, feeds and ends the two threads |
//! | [`sink`] | [`Sink`]: where results, values and notices go |
//! | [`policy`] | [`Policy`](policy::Policy): what a person chooses |
//! | [`gate`] | which frames are processed and which are skipped; pure |
//! | [`pace`] | how far apart processed frames lie; pure |
//! | [`reason`] | why a frame was skipped |
//! | [`purse`] | what a session may use a second; pure |
//! | [`demand`] | what a session would use a second if it could; pure |
//! | [`ladder`] | what is done about a session that costs too much; pure |
//! | [`share`] | who skips first when the node is over its capacity; pure |
//! | [`admission`] | which sessions a node takes on; pure |
//! | [`breaker`] | when a handler that fails again and again rests; pure |
//! | [`ring`] | the recent frames, one row each |
//! | [`parameters`] | what a person asked for, checked, waiting to be applied between two frames |
//! | [`stats`] | counts, and what each stage took for the recent frames |
//! | `clock` | RTP timestamps unwrapped to presentation times |
//! | `desk` | what the two threads share: decoder, gate, wake-ups |
//! | `decode`, `handle` | the bodies of the two threads |

pub mod admission;
pub mod breaker;
mod clock;
mod decode;
pub mod demand;
mod desk;
pub mod gate;
mod handle;
pub mod ladder;
pub mod pace;
pub mod parameters;
pub mod policy;
pub mod purse;
pub mod reason;
pub mod ring;
pub mod session;
pub mod share;
pub mod sink;
pub mod stats;

pub use session::{AccessUnit, Session, Setup};
pub use sink::{Frame, Notice, Severity, Sink};

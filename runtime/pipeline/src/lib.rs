//! A session: a camera's access units, or the ticks of a clock, go in; a handler's encoded pictures and values come out.
//!
//! **Latency does not grow: what waits between two stages is bounded, and the newest always gets through.**
//!
//! Two threads serve a session. The *decode* thread decodes every access unit, since inter-coded frames need it, and
//! leaves the picture where it is: in the decoder. The *handler* thread copies a picture out only once it has time
//! for it, so that a skipped frame costs neither copy nor conversion; it then calls the component and encodes. Under the
//! policy `never` up to a second of pictures waits instead, and where frames without a result are shown as they came,
//! each picture may be wanted later: then the decode thread copies every picture.
//!
//! A generator has no decode thread: the handler thread asks it for a frame whenever one is due.
//!
//! ```text
//! access units ─▶ queue ─▶ decode ─▶ [one picture, Gate] ─▶ handler ─▶ encode ─▶ Viewer
//!                                        [a tick, Pacer] ─▶
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`session`] | [`Session`]: starts, feeds and ends the two threads |
//! | [`connections`] | [`Connections`]: where frames, values and notices go |
//! | [`policy`] | [`Policy`]: what a person chooses |
//! | [`budgets`] | [`Budgets`]: what a session may use beyond a single call |
//! | [`gate`] | which frames are processed and which are skipped; pure |
//! | [`pace`] | how far apart processed frames lie; pure |
//! | [`pacer`] | when a generator's next frame is due; pure |
//! | [`reason`] | why a frame was skipped |
//! | [`breaker`] | when a handler that fails again and again rests; pure |
//! | [`purse`] | what a session may use a second; pure |
//! | [`demand`] | what a session would use a second if it could; pure |
//! | [`ladder`] | what is done about a session that costs too much; pure |
//! | [`node`] | [`Node`](node::Node): what the sessions of a process share |
//! | [`admission`] | which sessions a node takes on; pure |
//! | [`machine`] | what the machine has left beside its sessions |
//! | [`share`] | who skips first when the node is over its capacity; pure |
//! | [`ring`] | the recent frames, one row each |
//! | [`parameters`] | what a person asked for, checked, waiting to be applied between two frames |
//! | [`stats`] | counts, and what each stage took for the recent frames |
//! | `clock` | RTP timestamps unwrapped to presentation times |
//! | `desk` | what the two threads share: decoder, gate, wake-ups |
//! | `passing` | frames without a result that are shown as they came |
//! | `decode`, `handle` | the bodies of the two threads |
//! | `input`, `outlet` | copies for the handler; the encoder |
//! | `steward` | purses, demand and ladder of one session |
//! | `cpu` | CPU time and priority of a thread |

pub mod admission;
pub mod breaker;
pub mod budgets;
mod clock;
pub mod connections;
mod cpu;
mod decode;
pub mod demand;
mod desk;
pub mod gate;
mod handle;
mod input;
pub mod ladder;
pub mod machine;
pub mod node;
mod outlet;
pub mod pace;
pub mod pacer;
pub mod parameters;
mod passing;
pub mod policy;
pub mod purse;
pub mod reason;
pub mod ring;
pub mod session;
pub mod share;
pub mod stats;
mod steward;
pub mod successor;

pub use budgets::Budgets;
pub use connections::{Connections, Notice, SessionEvents, Severity, Upstream, Viewer};
pub use policy::{Policy, Skipping, Unprocessed};
pub use session::{Session, Setup};

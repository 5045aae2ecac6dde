//! The messages of the data channel, JSON text each way, and the parts of them that HTTP sends as well.
//!
//! | module | what it holds |
//! |---|---|
//! | `request` | [`Request`]: what a client sends |
//! | `message` | [`Message`]: what the server sends |
//! | `session` | [`SessionSummary`] and [`SessionReport`]: a session and its statistics |
//! | `values` | [`Batch`]: the values that a handler put for one frame |
//! | `log` | [`LogLine`]: a line of a handler's log |

mod log;
mod message;
mod request;
mod session;
mod values;

pub use log::{LogExcerpt, LogLevel, LogLine};
pub use message::{BuildState, HandlerMessage, Message, SessionIntroduction};
pub use request::{PolicyChange, Request, Subscription, parse};
pub use session::{CallBudget, Phase, Running, SessionReport, SessionSummary};
pub use values::{Batch, StampedValues};

//! From the peer's RTP packets to encoded frames.
//!
//! | module | what it holds |
//! |---|---|
//! | `assembler` | [`Assembler`]: packets into frames, in order and each once |
//! | `gaps` | [`Gaps`]: which packets of a stream are missing, and when to ask for them |
//! | `headroom` | keeps room free on the peer's way where it is uneven |
//! | `intake` | [`Intake`]: the packets of a connection's video, with those that are sent again |
//! | `keyframe_throttle` | [`KeyframeThrottle`]: folds keyframe requests |
//! | `lateness` | [`Lateness`]: by how much longer than others something was on its way |
//! | `packet_source` | [`PacketSource`]: where the packets come from |
//! | `receiver` | the task that drives the assembler |
//! | `relief` | [`Relief`]: lets a queue on the peer's way empty, and keeps room free |
//! | `remb` | [`Remb`]: the bit rate that a sender is told to keep to |
//! | `reordering` | by how much packets come out of order |
//! | `round_trip` | how long an answer of the peer takes |
//! | `selector` | [`Selector`]: which packets are the video |
//! | `sequence` | sequence numbers that do not wrap |
//! | `smoothing` | [`Smoothing`]: evens out when frames are handed on where packets are lost |

mod assembler;
mod gaps;
mod headroom;
mod intake;
mod keyframe_throttle;
mod lateness;
mod packet_source;
pub mod receiver;
mod relief;
mod remb;
mod reordering;
mod round_trip;
mod selector;
pub(crate) mod sequence;
mod smoothing;

pub use assembler::{Assembler, Output, PATIENCE, Packet};
pub use gaps::{Gaps, MAX_REQUESTS};
pub use intake::{Arrival, Intake, Taken};
pub use keyframe_throttle::KeyframeThrottle;
pub use lateness::Lateness;
pub use packet_source::{Incoming, PacketSource};
pub use relief::Relief;
pub use remb::Remb;
pub use selector::{Class, Selector};
pub use smoothing::Smoothing;

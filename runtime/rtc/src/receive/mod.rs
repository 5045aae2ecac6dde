//! From the peer's RTP packets to encoded frames.
//!
//! | module | what it holds |
//! |---|---|
//! | `assembler` | [`Assembler`]: packets into frames, in order and each once |
//! | `gaps` | [`Gaps`]: which packets of a stream are missing, and when to ask for them |
//! | `nack` | [`NackGenerator`]: the gaps of all streams, with their retransmissions |
//! | `keyframe_throttle` | [`KeyframeThrottle`]: folds keyframe requests |
//! | `packet_source` | [`PacketSource`]: where the packets come from |
//! | `receiver` | the task that drives the assembler |
//! | `sequence` | sequence numbers that do not wrap |

mod assembler;
mod gaps;
mod keyframe_throttle;
mod nack;
mod packet_source;
pub mod receiver;
mod sequence;

pub use assembler::{Assembler, Output, PATIENCE, Packet};
pub use gaps::Gaps;
pub use keyframe_throttle::KeyframeThrottle;
pub use nack::NackGenerator;
pub use packet_source::{Incoming, PacketSource};

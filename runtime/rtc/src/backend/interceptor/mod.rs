//! The links of the RTP library's chain that every packet passes, and their places in it.
//!
//! | module | what it holds |
//! |---|---|
//! | `packet_handler` | [`PacketHandler`]: what a link does |
//! | `adapter` | [`Adapter`]: a [`PacketHandler`] as a link of the chain |
//! | `bound` | [`Bound`]: binds the peer's streams to links of the library |
//! | `video` | [`VideoReader`]: takes the peer's video, and asks for lost packets |
//! | `limit` | [`NackLimiter`]: bounds the retransmissions that the peer can request |
//! | `feedback` | [`FeedbackReader`]: reads the viewer's feedback |

mod adapter;
mod bound;
mod feedback;
mod limit;
mod packet_handler;
pub mod video;

use rtc::interceptor::Slot;

pub use adapter::Adapter;
pub use bound::{Bound, TRANSPORT_CC};
pub use feedback::FeedbackReader;
pub use limit::NackLimiter;
pub use packet_handler::PacketHandler;
pub use video::VideoReader;

/// Place of the [`NackLimiter`]: before the link that answers requests for packets, as seen from the network.
pub const NACK_LIMITER: usize = Slot::NackResponder.slot() - 500;
/// Place of the [`VideoReader`]: above the links that report arrivals, because it ends the way of the RTP packets.
pub const VIDEO_READER: usize = Slot::JitterBuffer.slot() + 500;
/// Place of the [`FeedbackReader`]: the last one, because it ends the way of the RTCP packets that the others read.
pub const FEEDBACK_READER: usize = Slot::JitterBuffer.slot() + 1_000;

//! The links of the RTP library's chain that every packet passes, and their places in it.
//!
//! | module | what it holds |
//! |---|---|
//! | `packet_handler` | [`PacketHandler`]: what a link does |
//! | `adapter` | [`Adapter`]: a [`PacketHandler`] as a link of the chain |
//! | `nack` | [`NackSender`]: asks for lost packets |
//! | `limit` | [`NackLimiter`]: bounds the retransmissions that the peer can request |
//! | `feedback` | [`FeedbackReader`]: reads the viewer's feedback |

mod adapter;
mod feedback;
mod limit;
mod nack;
mod packet_handler;

use rtc::interceptor::Slot;

pub use adapter::Adapter;
pub use feedback::FeedbackReader;
pub use limit::NackLimiter;
pub use nack::NackSender;
pub use packet_handler::PacketHandler;

/// Place of the [`NackLimiter`]: before the link that answers requests for packets, as seen from the network.
pub const NACK_LIMITER: usize = Slot::NackResponder.slot() - 500;
/// Place of the [`NackSender`]: above the links that answer requests, below those that report arrivals.
pub const NACK_SENDER: usize = Slot::NackGenerator.slot();
/// Place of the [`FeedbackReader`]: the last one, because it ends the way of the RTCP packets that the others read.
pub const FEEDBACK_READER: usize = Slot::JitterBuffer.slot() + 1_000;

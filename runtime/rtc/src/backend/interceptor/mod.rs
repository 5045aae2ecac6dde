//! The links of the RTP library's chain that every packet passes, and their places in it.
//!
//! | module | what it holds |
//! |---|---|
//! | `packet_handler` | [`PacketHandler`]: what a link does |
//! | `adapter` | [`Adapter`]: a [`PacketHandler`] as a link of the chain |
//! | `bound` | [`Bound`]: binds the peer's streams to links of the library |
//! | `video` | [`VideoReader`]: takes the peer's video, and asks for lost packets |
//! | `transmit` | [`Transmit`]: sends this side's packets as the path carries them, and again when they are lost |
//! | `arrivals` | reads the viewer's feedback on arrivals |
//! | `feedback` | [`FeedbackReader`]: reads the viewer's requests for keyframes |

mod adapter;
mod arrivals;
mod bound;
mod feedback;
mod packet_handler;
mod transmit;
pub mod video;

use rtc::interceptor::Slot;

pub use adapter::Adapter;
pub use bound::Bound;
pub use feedback::FeedbackReader;
pub use packet_handler::PacketHandler;
pub use transmit::Transmit;
pub use video::VideoReader;

/// Place of [`Transmit`]: the next one to the network, so that what it sends leaves at once.
pub const TRANSMIT: usize = Slot::Pacer.slot();
/// Place of the [`VideoReader`]: above the links that report arrivals, because it ends the way of the RTP packets.
pub const VIDEO_READER: usize = Slot::JitterBuffer.slot() + 500;
/// Place of the [`FeedbackReader`]: the last one, because it ends the way of the RTCP packets that the others read.
pub const FEEDBACK_READER: usize = Slot::JitterBuffer.slot() + 1_000;

//! From encoded frames to RTP packets to the viewer.
//!
//! | module | what it holds |
//! |---|---|
//! | `queue` | [`SendQueue`]: which frames wait, and which are dropped |
//! | `frames` | [`Frames`]: the queue, shared between the pipeline and the sender |
//! | `rtp_stream` | [`RtpStream`]: numbers the packets of a stream |
//! | `packet_sink` | [`PacketSink`]: where the packets go |
//! | `sender` | the task that sends the frames, paced |
//! | `feedback` | [`Feedback`] of the viewer, and the task that handles it |
//! | `retransmission` | [`RetransmissionLimiter`]: bounds what a viewer can have sent again |

pub mod feedback;
mod frames;
mod packet_sink;
mod queue;
mod retransmission;
mod rtp_stream;
pub mod sender;

pub use feedback::Feedback;
pub use frames::Frames;
pub use packet_sink::PacketSink;
pub use queue::SendQueue;
pub use retransmission::RetransmissionLimiter;
pub use rtp_stream::RtpStream;

//! From encoded frames to RTP packets to the viewer.
//!
//! | module | what it holds |
//! |---|---|
//! | `queue` | [`SendQueue`]: which frames wait, and which are dropped |
//! | `frames` | [`Frames`]: the queue, shared between the pipeline and the sender |
//! | `rtp_stream` | [`RtpStream`]: numbers the packets of a stream |
//! | `packet_sink` | [`PacketSink`]: where the packets go |
//! | `sender` | the task that sends the frames |
//! | `transmitter` | [`Transmitter`]: paces the packets, repeats those that are lost, and follows what the path carries |
//! | `duplicates` | which packets are sent twice |
//! | `sent_packets` | what can be sent again |
//! | `feedback` | the task that passes on what the viewer says: keyframe requests, and the [`Outlook`] of its path |

mod duplicates;
pub mod feedback;
mod frames;
mod packet_sink;
mod queue;
mod rtp_stream;
pub mod sender;
mod sent_packets;
mod transmitter;

pub use frames::Frames;
pub use packet_sink::PacketSink;
pub use queue::SendQueue;
pub use rtp_stream::RtpStream;
pub use transmitter::{LocalStream, Outlook, Transmitter};

//! What happens on a connection.

use std::time::Instant;

use framebox_media::EncodedFrame;

/// State of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A path is being looked for, or the handshake runs.
    Connecting,
    /// Media flows.
    Connected,
    /// Nothing has been received for a while; the connection may recover.
    Disconnected,
    /// The connection is lost for good.
    Failed,
    /// One of the two sides closed the connection.
    Closed,
}

/// Receives the events of a connection. Every method returns at once, because it is called on async tasks.
pub trait ConnectionEvents: Send + Sync {
    /// The connection's state changed. No state is reported twice in a row; after [`State::Failed`] or [`State::Closed`] none follows.
    fn state(&self, state: State);
    /// A frame arrived. Frames come in order, each at most once, and each is decodable after those that came before it.
    fn frame(&self, frame: EncodedFrame);
    /// The viewer needs a keyframe to go on.
    fn keyframe_wanted(&self);
    /// The bit rate that the network carries changed, b/s: for pictures, with headers and retransmissions taken off.
    fn bitrate(&self, bits_per_second: u32);
    /// Whether frames would only wait at this moment: one that is not encoded yet should not be, until this is told to be over.
    fn blocked(&self, blocked: bool);
    /// The data channel is open.
    fn channel_open(&self);
    /// A text message arrived.
    fn message(&self, text: String);
    /// A frame was handed to the network; its first packet at `first_packet`.
    fn sent(&self, rtp_timestamp: u32, first_packet: Instant);
}

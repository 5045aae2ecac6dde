//! Where the packets of a stream come from.

use std::time::Duration;

use super::assembler::{PATIENCE, Packet};

/// What comes from the peer's stream.
#[derive(Clone, Debug)]
pub enum Incoming {
    /// A stream begins: the first one, or another one in its place, with numbers of its own. Keyframes can be requested.
    Opened,
    /// A packet arrived.
    Packet(Packet),
}

/// The peer's stream, as the network delivers it.
pub trait PacketSource: Send + Sync {
    /// What comes next, in the order of arrival; `None` at the end of the stream. Nothing is lost when the future is dropped
    /// before it is ready.
    fn next(&self) -> impl Future<Output = Option<Incoming>> + Send;

    /// How long a frame should wait for packets that are missing.
    fn patience(&self) -> Duration {
        PATIENCE
    }

    /// Parameters of the format, as the offer has them (`a=fmtp`).
    fn parameters(&self) -> &str {
        ""
    }

    /// Returns whether the peer takes requests for keyframes. One that does not sends them when it likes.
    fn takes_requests(&self) -> bool {
        true
    }

    /// Asks the peer for a keyframe. Called only after [`Self::next`] gave something. A request that cannot be sent is
    /// dropped.
    fn request_keyframe(&self) -> impl Future<Output = ()> + Send;
}

//! Where the packets of a stream go.

use rtc::rtp;

use crate::Error;

/// The network, as the sender uses it.
pub trait PacketSink: Send + Sync {
    /// Hands a packet to the network; waits while the network does not take it.
    ///
    /// # Errors
    /// [`Error::Closed`] when the connection is gone; no other packet will be taken.
    fn send(&self, packet: rtp::Packet) -> impl Future<Output = Result<(), Error>> + Send;
}

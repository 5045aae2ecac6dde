//! What a link of the chain does.

use std::time::Instant;

use rtc::interceptor::{StreamInfo, TaggedPacket};

/// A link of the RTP library's chain, reduced to what ours do: look at the packets that arrive and at those that this side sends,
/// and send packets at their time.
pub trait PacketHandler: Send + Sync {
    /// Handles a packet that arrived. Returns what goes on to the next link; `None` ends its way.
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket>;

    /// Handles a packet that this side sends. Returns what goes on towards the network; `None` ends its way, or delays it until
    /// [`Self::due`] returns it.
    fn sending(&mut self, packet: TaggedPacket) -> Option<TaggedPacket> {
        Some(packet)
    }

    /// Returns the packets to send now. Called when the [deadline](Self::deadline) is over, and possibly at other times.
    fn due(&mut self, _now: Instant) -> Vec<TaggedPacket> {
        Vec::new()
    }

    /// When [`Self::due`] has to be called next; `None` when there is nothing to wait for.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// A stream of this side begins.
    fn local_stream_added(&mut self, _stream: &StreamInfo) {}
}

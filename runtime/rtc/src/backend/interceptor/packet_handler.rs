//! What a link of the chain does.

use std::time::Instant;

use rtc::interceptor::{StreamInfo, TaggedPacket};

/// A link of the RTP library's chain, reduced to what ours do: look at the packets that arrive, and send packets of their own
/// at their time. Packets that this side sends pass by.
pub trait PacketHandler: Send + Sync {
    /// Handles a packet that arrived. Returns what goes on to the next link; `None` ends its way.
    fn received(&mut self, packet: TaggedPacket) -> Option<TaggedPacket>;

    /// Returns the packets to send now. Called when the [deadline](Self::deadline) is over, and possibly at other times.
    fn due(&mut self, _now: Instant) -> Vec<TaggedPacket> {
        Vec::new()
    }

    /// When [`Self::due`] has to be called next; `None` when there is nothing to wait for.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// A stream of the peer begins.
    fn stream_added(&mut self, _stream: &StreamInfo) {}

    /// A stream of the peer ended.
    fn stream_removed(&mut self, _stream: &StreamInfo) {}
}

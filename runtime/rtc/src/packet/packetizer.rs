//! From encoded frames to RTP payloads.

use bytes::Bytes;
use framebox_media::EncodedFrame;

/// Largest payload of an RTP packet, bytes: with headers, encryption and a relay's wrapping the datagram stays below 1280.
pub const MAX_PAYLOAD: usize = 1200;

/// Cuts the encoded frames of one stream into RTP payloads, as its codec's payload format wants.
pub trait Packetizer: Send {
    /// The payloads of a frame in the order in which they are sent: none of them empty, none longer than [`MAX_PAYLOAD`].
    /// There are none when the frame holds nothing to send.
    fn payloads(&mut self, frame: &EncodedFrame) -> Vec<Bytes>;
}

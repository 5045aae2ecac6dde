//! Coded pictures on their way between network and codecs.

use std::time::Instant;

use bytes::Bytes;

use crate::codec::Codec;

/// One coded picture (an access unit), from the depacketizer to the decoder and from the encoder to the packetizer.
///
/// Cloning it shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedFrame {
    /// How it is coded.
    pub codec: Codec,
    /// The coded picture, in the form that [`Codec`] names.
    pub data: Bytes,
    /// Whether it can be decoded without any earlier one.
    pub keyframe: bool,
    /// RTP timestamp, 90 kHz, wrapping (RFC 3550 §5.1).
    pub rtp_timestamp: u32,
    /// When the picture that it shows came in: the arrival of its last packet, or when a generator's frame was due.
    pub captured: Instant,
}

//! From RTP payloads to access units.

use bytes::Bytes;

/// A payload that the codec's payload format does not allow, or a frame that lacks a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the RTP payloads of a frame do not follow the codec's payload format")]
pub struct MalformedError;

/// One coded picture in the form that the codec's decoder takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnit {
    /// The coded picture.
    pub data: Bytes,
    /// Whether it is decodable without any earlier one.
    pub keyframe: bool,
}

/// Joins the RTP payloads of one stream into access units. The payloads are what a peer sent: anything.
pub trait Depacketizer: Send + Sync {
    /// Takes what the format's parameters (`a=fmtp`) say about the stream.
    fn configure(&mut self, _parameters: &str) {}

    /// Returns whether decoding can begin with the frame that this payload belongs to.
    fn begins_keyframe(&self, payload: &[u8]) -> bool;

    /// Joins the payloads of one frame, which are given in order and without gaps. Empty ones, which senders use for
    /// padding, add nothing. An error affects this frame alone.
    ///
    /// # Errors
    /// [`MalformedError`] when they are not exactly one frame, or not in the codec's payload format.
    fn join(&mut self, payloads: &mut dyn Iterator<Item = &[u8]>) -> Result<AccessUnit, MalformedError>;
}

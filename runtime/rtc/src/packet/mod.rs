//! Encoded frames as RTP payloads and back: one file a codec.
//!
//! A codec is added with a file like `h264.rs` and an arm in [`packetizer`] and in [`depacketizer`].

mod depacketizer;
mod h264;
mod packetizer;
mod vp8;

use framebox_media::Codec;

pub use depacketizer::{AccessUnit, Depacketizer, MalformedError};
pub use packetizer::{MAX_PAYLOAD, Packetizer};

/// A packetizer for a stream of this codec whose receiver takes [fragments](Codec::fragments), or does not.
pub fn packetizer(codec: Codec, fragments: bool) -> Box<dyn Packetizer> {
    match codec {
        Codec::H264 if fragments => Box::new(h264::Packetizer),
        Codec::H264 => Box::new(h264::SingleUnits),
        Codec::Vp8 => Box::<vp8::Packetizer>::default(),
    }
}

/// A depacketizer for a stream of this codec.
pub fn depacketizer(codec: Codec) -> Box<dyn Depacketizer> {
    match codec {
        Codec::H264 => Box::<h264::Depacketizer>::default(),
        Codec::Vp8 => Box::new(vp8::Depacketizer),
    }
}

#[cfg(test)]
mod contract_tests;

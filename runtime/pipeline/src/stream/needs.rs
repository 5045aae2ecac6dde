//! What a viewer can receive.

use framebox_media::Codec;

/// What a viewer can receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// How its frames are coded.
    pub codec: Codec,
    /// The largest picture that it decodes, pixels; `None` where it names no bound.
    pub max_pixels: Option<u64>,
    /// The largest part of a picture that it takes in one packet, bytes; `None` where packets may hold fragments.
    pub max_unit_bytes: Option<u32>,
}

impl Needs {
    /// Pictures of any size in a codec, in packets that may hold fragments.
    pub const fn of(codec: Codec) -> Self {
        Self { codec, max_pixels: None, max_unit_bytes: None }
    }
}

//! H.264 by OpenH264, whose source comes with the crate `openh264`.
//!
//! | module | contents |
//! |---|---|
//! | [`annexb`] | the byte stream format: reading and writing |
//! | [`level`] | profiles and levels that peers name |
//! | [`nal`] | NAL unit types |
//! | `decoder`, `encoder` | the codec behind the traits of this crate |
//! | `parameter_set` | validates sequence parameter sets before OpenH264 sees them |
//! | `vui`, `active` | how pictures are meant: colours and the shape of samples, by the set that is active |
//! | `bits` | reads the bits of NAL units |

mod active;
pub mod annexb;
mod bits;
mod decoder;
mod encoder;
pub mod level;
pub mod nal;
mod parameter_set;
mod vui;

pub use annexb::is_keyframe;
pub use decoder::Decoder;
pub use encoder::Encoder;

use framebox_picture::Size;

/// Returns the size of the pictures that a sequence parameter set announces; none if it is damaged or of an unsupported kind.
pub(crate) fn size(sequence_set: &[u8]) -> Option<Size> {
    parameter_set::parse(sequence_set).map(|announced| announced.shown)
}

/// A sequence parameter set for pictures of so many macroblocks.
#[cfg(test)]
pub(crate) fn parameter_set_of(columns: u32, rows: u32) -> Vec<u8> {
    parameter_set::tests::encoded(columns, rows, None)
}

#[cfg(test)]
pub(crate) mod tests;

//! H.264 by OpenH264, whose source comes with the crate `openh264`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`annexb`] | the byte stream format: reading and writing |
//! | [`nal`] | NAL unit types |
//! | `decoder`, `encoder` | the codec behind the traits of this crate |
//! | `cadence` | the frame rate that the encoder expects |
//! | `sequence` | sequence parameter sets, checked before OpenH264 sees them |

pub mod annexb;
mod cadence;
mod decoder;
mod encoder;
pub mod nal;
mod sequence;

pub use annexb::is_keyframe;
pub use decoder::Decoder;
pub use encoder::Encoder;

#[cfg(test)]
mod tests;

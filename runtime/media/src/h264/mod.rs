//! H.264 by OpenH264, whose source comes with the crate `openh264`.
//!
//! | module | contents |
//! |---|---|
//! | [`annexb`] | the byte stream format: reading and writing |
//! | [`level`] | profiles and levels that peers name |
//! | [`nal`] | NAL unit types |
//! | `decoder`, `encoder` | the codec behind the traits of this crate |
//! | `parameter_set` | validates sequence parameter sets before OpenH264 sees them |

pub mod annexb;
mod decoder;
mod encoder;
pub mod level;
pub mod nal;
mod parameter_set;

pub use annexb::is_keyframe;
pub use decoder::Decoder;
pub use encoder::Encoder;

#[cfg(test)]
pub(crate) mod tests;

//! H.264 by OpenH264, whose source comes with the crate `openh264`.

mod decoder;
mod encoder;
mod frame_rate;
mod parameter_set;
mod stream;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use stream::{is_keyframe, nal_units};

#[cfg(test)]
mod tests;

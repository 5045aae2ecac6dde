//! Codecs and clips: decodes and encodes video, and reads video and image files.
//!
//! **Coded streams and files are untrusted: invalid ones result in errors, never in panics.**
//!
//! | module | contents |
//! |---|---|
//! | [`clip`] | [`clip::Clip`]: video and picture files |
//! | [`codec`] | [`Codec`]: the table of codecs, and the constructors of their encoders and decoders |
//! | [`decode`] | [`Decoder`]: access units to pictures |
//! | [`encode`] | [`Encoder`]: pictures to access units |
//! | `frame` | [`EncodedFrame`]: one coded picture |
//! | `frame_rate` | estimates the frame rate for encoders |
//! | [`h264`] | H.264 by OpenH264, and its byte stream format |
//! | [`mp4`] | [`mp4::Writer`]: encoded frames to MP4 files |
//! | [`nut`] | pictures and H.264 out of a pipe |
//! | [`snapshot`] | pictures as JPEG and PNG files |
//! | [`vp8`] | VP8 by libvpx, where the program was built with it |

pub mod clip;
pub mod codec;
pub mod decode;
pub mod encode;
mod error;
mod frame;
mod frame_rate;
pub mod h264;
pub mod mp4;
pub mod nut;
pub mod snapshot;
pub mod vp8;

pub use codec::Codec;
pub use decode::Decoder;
pub use encode::{Encoded, Encoder};
pub use error::Error;
pub use frame::EncodedFrame;

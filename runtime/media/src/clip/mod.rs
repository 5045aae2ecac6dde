//! Reads video and image files picture by picture.
//!
//! **Files are untrusted: the work and memory that they cause stay within [`Bounds`], and errors contain no path.**
//!
//! | module | contents |
//! |---|---|
//! | `mp4` | MP4 and QuickTime with H.264 |
//! | `y4m` | YUV4MPEG2, uncompressed |
//! | `animation` | animated GIF, WebP and PNG |
//! | `still` | PNG, JPEG, GIF and WebP |
//! | `open` | [`open()`], [`read()`]: detect the type of a file |
//! | `piped` | [`Piped`]: any file, by another program that decodes it into a pipe |
//! | `looping` | [`Looping`]: repeats a clip |

mod animation;
mod bounds;
mod error;
mod file;
mod image_thread;
mod interface;
mod looping;
mod mp4;
mod open;
mod piped;
mod rgba;
mod still;
mod y4m;

pub use bounds::Bounds;
pub use error::Error;
pub use file::open as file;
pub use interface::{Clip, Frame, Info};
pub use looping::Looping;
pub use open::{open, read};
pub use piped::{Decode, Decoded, Piped};

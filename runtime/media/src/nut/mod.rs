//! Reads a stream of NUT (the container of FFmpeg and MPlayer, nut.txt of FFmpeg's `doc`): one video track, of pictures in I420 or
//! of H.264.
//!
//! **What writes it may have been taken over: every number is bounded before it is used, and what is wrong is an error.** A frame
//! is whole when it was read: NUT holds nothing back.
//!
//! | module | contents |
//! |---|---|
//! | `input` | bytes and numbers, from a reader that may block |
//! | `header` | the main header, with its table of frame codes, and that of the track |
//! | `reader` | [`Reader`]: frames |
//! | `error` | [`Error`] |

mod error;
mod header;
mod input;
mod reader;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use header::{Coding, Track};
pub use reader::{Bounds, Data, Frame, Reader};

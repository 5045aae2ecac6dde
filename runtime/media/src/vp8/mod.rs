//! VP8 (RFC 6386) by the system's libvpx, where the program was built with it.
//!
//! | module | contents |
//! |---|---|
//! | `header` | reads the beginning of a coded picture, before libvpx sees it |
//! | `decoder`, `encoder` | the codec behind the traits of this crate |
//! | `library` | libvpx with plain arguments, by `shim.c` |

#[cfg(vpx)]
mod decoder;
#[cfg(vpx)]
mod encoder;
pub mod header;
#[cfg(vpx)]
mod library;

#[cfg(vpx)]
pub use decoder::Decoder;
#[cfg(vpx)]
pub use encoder::Encoder;
pub use header::is_keyframe;

/// Whether the program was built with libvpx.
pub const IS_BUILT_IN: bool = cfg!(vpx);

#[cfg(test)]
#[cfg(vpx)]
mod tests;

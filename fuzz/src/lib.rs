//! Fuzz targets: each parses bytes that a stranger chose, and asserts what must hold for any of them.
//!
//! **Not panicking is the least of it: memory stays within a multiple of the input, what is passed on is well formed, and
//! reading what was written gives the same again.**
//!
//! | module | what is attacked | who sends it |
//! |---|---|---|
//! | [`offer`] | session descriptions and fragments of them | peer |
//! | [`candidate`] | ICE candidates | peer |
//! | [`rtp`] | depacketizers, the assembler, requests for lost packets | peer |
//! | [`packets`] | STUN, DTLS, RTP, RTCP and data channel packets, by the parsers of the RTP library | stranger, peer |
//! | [`h264`] | byte streams and parameter sets, and the decoder behind them | peer, uploader |
//! | [`vp8`] | coded pictures, and libvpx behind the check of their headers | peer |
//! | [`clip`] | MP4, Y4M and pictures | operator, or whoever gave them the file |
//! | [`nut`] | what comes out of the pipe into which ffmpeg writes | whoever took over ffmpeg |
//! | [`values`] | descriptors, parameters and values | uploader, guest, viewer |
//! | [`configuration`] | the configuration file | operator, by mistake |
//! | [`protocol`] | messages on the data channel | peer |
//!
//! `cargo xtask fuzz` runs them; `tests/corpus.rs` replays the corpora without libFuzzer.

pub mod allocation;
#[cfg(feature = "server")]
pub mod candidate;
pub mod clip;
#[cfg(feature = "server")]
pub mod configuration;
#[cfg(feature = "cpp-coverage")]
pub mod cpp_coverage;
mod file;
pub mod h264;
pub mod nut;
#[cfg(feature = "server")]
pub mod offer;
#[cfg(feature = "server")]
pub mod packets;
mod pieces;
#[cfg(feature = "server")]
pub mod protocol;
#[cfg(feature = "server")]
pub mod rtp;
#[cfg(feature = "server")]
pub mod values;
pub mod vp8;
mod whole;

/// A target: it panics when something does not hold.
pub type Target = fn(&[u8]);

/// The targets by name; `corpus/NAME` has inputs of each, and the program is called `fuzz-NAME`.
pub const TARGETS: &[(&str, Target)] = &[
    ("h264", h264::run),
    ("vp8", vp8::run),
    ("clip", clip::run),
    ("nut", nut::run),
    #[cfg(feature = "server")]
    ("offer", offer::run),
    #[cfg(feature = "server")]
    ("candidate", candidate::run),
    #[cfg(feature = "server")]
    ("rtp", rtp::run),
    #[cfg(feature = "server")]
    ("packets", packets::run),
    #[cfg(feature = "server")]
    ("values", values::run),
    #[cfg(feature = "server")]
    ("configuration", configuration::run),
    #[cfg(feature = "server")]
    ("protocol", protocol::run),
];

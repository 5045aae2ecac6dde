//! WebRTC without HTTP and without handlers: encoded frames in and out, keyframe requests, one data channel.
//!
//! **What a peer sends can hurt only its own connection: every queue is bounded, every task has an owner, and nothing that
//! arrives is trusted to be well formed.**
//!
//! | module | what it holds |
//! |---|---|
//! | `transport`, `peer`, `events` | the traits [`Transport`], [`Peer`] and [`ConnectionEvents`], by which the crate is used |
//! | [`sdp`] | offers, answers and candidates |
//! | [`packet`] | encoded frames as RTP payloads and back, one file a codec |
//! | [`receive`] | RTP packets into encoded frames; gaps, requests for lost packets and for keyframes |
//! | [`send`] | encoded frames into RTP packets; queue, pacing, limit of retransmissions, the viewer's feedback |
//! | [`bandwidth`] | the bit rate that the network carries |
//! | [`path`] | which addresses are sent to, and how much is read of what arrives |
//! | [`backend`] | the implementation on the `webrtc` crate |
//!
//! `sdp`, `packet`, `receive`, `send`, `bandwidth` and `path` have neither sockets nor clocks of their own in what they decide: the time
//! comes in as an argument.

pub mod backend;
pub mod bandwidth;
mod direction;
mod error;
mod events;
pub mod packet;
pub mod path;
mod peer;
pub mod receive;
#[cfg(test)]
mod recorder;
pub mod sdp;
pub mod send;
mod settings;
mod stats;
mod transport;

pub use backend::{MAX_MESSAGE_BYTES, Offered};
pub use direction::Direction;
pub use error::{Error, NoCodec};
pub use events::{ConnectionEvents, State};
pub use peer::{IceSession, Peer};
pub use sdp::{Candidate, Fragment};
pub use settings::Settings;
pub use stats::Stats;
pub use transport::{Answer, Transport};

/// The transport on the `webrtc` crate.
pub fn transport(settings: Settings) -> Box<dyn Transport> {
    Box::new(backend::WebRtc::new(settings))
}

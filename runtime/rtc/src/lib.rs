//! WebRTC behind a small trait: access units in and out, keyframe requests, one data channel.
//!
//! **What a peer sends can hurt only its own connection: every queue is bounded, every task has an owner, and nothing that
//! arrives is trusted to be well formed.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`assembler`], [`depacketizer`] | RTP packets into access units, in order and each once |
//! | [`packetizer`], [`annexb`] | access units into RTP payloads |
//! | [`outbox`], [`requests`], [`bitrate`] | decisions without a clock: what to send, when to ask for a keyframe, how fast |
//! | [`hook`], `nack`, `missing`, `resends`, [`feedback`] | links of the RTP library's chain: asking for lost packets, answering, hearing the viewer |
//! | [`offer`], [`candidate`] | what is taken of an offer and of a candidate, and what is refused |
//! | `answer`, `setup`, `link`, `sending`, `receiving`, `channel`, `runtime`, `ports` | the implementation on the `webrtc` crate |

pub mod annexb;
mod answer;
pub mod assembler;
pub mod bitrate;
pub mod candidate;
mod channel;
pub mod depacketizer;
pub mod feedback;
pub mod hook;
mod link;
mod missing;
mod nack;
pub mod offer;
pub mod outbox;
pub mod packetizer;
mod ports;
mod receiving;
pub mod requests;
mod resends;
mod runtime;
mod sending;
mod setup;
mod stats;

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use framebox_media::EncodedFrame;

pub use candidate::Candidate;
pub use setup::LONGEST_MESSAGE;
pub use stats::Stats;

/// Where and how peers are reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// UDP ports for media; `None`: any. A session holds one port on each of the addresses.
    pub udp_ports: Option<RangeInclusive<u16>>,
    /// Local addresses on which media is exchanged; empty: those of all interfaces, loopback included.
    pub addresses: Vec<IpAddr>,
    /// STUN and TURN servers, `stun:host:port`, `turn:user:password@host:port`.
    pub ice_servers: Vec<String>,
    /// Highest bit rate that [`ConnectionEvents::bitrate`] allows, b/s.
    pub max_bitrate: u32,
    /// Bit rate at the start, b/s.
    pub start_bitrate: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            udp_ports: None,
            addresses: Vec::new(),
            ice_servers: Vec::new(),
            max_bitrate: 2_500_000,
            start_bitrate: 1_500_000,
        }
    }
}

/// Why a peer cannot be had or told something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The offer cannot be read, or lacks what every offer needs.
    #[error("the offer cannot be used: {0}")]
    Offer(String),
    /// There is no video to exchange.
    #[error("the offer has no video that is {0}")]
    NoVideo(&'static str),
    /// There is video, but in no codec that is spoken here.
    #[error("the offer's video does not include H.264; allow H.264 in the browser or client")]
    NoH264,
    /// The candidate cannot be read, or is one too many.
    #[error("the candidate cannot be used: {0}")]
    Candidate(String),
    /// No UDP port can be had; the operator widens the range.
    #[error("no UDP port is free for media")]
    NoPort,
    /// The connection could not be set up; the log says why.
    #[error("the connection could not be set up")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
}

/// Which way video goes, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The peer sends and gets something back.
    SendReceive,
    /// We send.
    SendOnly,
    /// We receive.
    ReceiveOnly,
}

impl Direction {
    /// We send.
    pub fn sends(self) -> bool {
        self != Self::ReceiveOnly
    }

    /// We receive.
    pub fn receives(self) -> bool {
        self != Self::SendOnly
    }
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A path is being looked for, or the handshake runs.
    Connecting,
    /// Media flows.
    Connected,
    /// Nothing was heard for a while; it may come back.
    Disconnected,
    /// It does not come back.
    Failed,
    /// One of the two closed it.
    Closed,
}

/// Is told what happens on a connection. Every method returns at once: it is called on async tasks.
pub trait ConnectionEvents: Send + Sync {
    /// The connection's state changed.
    fn state(&self, state: State);
    /// A picture arrived.
    fn frame(&self, frame: EncodedFrame);
    /// The viewer cannot go on without a keyframe.
    fn keyframe_wanted(&self);
    /// What the path carries changed, b/s.
    fn bitrate(&self, bits_per_second: u32);
    /// The data channel is open.
    fn channel_open(&self);
    /// A text message arrived.
    fn message(&self, text: String);
    /// A frame's first packet was handed to the network.
    fn sent(&self, rtp_timestamp: u32, first_packet: Instant);
}

/// One connection. Dropping it ends it without a farewell.
#[async_trait]
pub trait Peer: Send + Sync {
    /// Takes a candidate that came after the offer.
    ///
    /// # Errors
    /// [`Error::Candidate`] when it makes no sense, [`Error::Closed`] after the end.
    async fn add_candidate(&self, candidate: Candidate) -> Result<(), Error>;
    /// Sends a frame. Never blocks: at most a few frames wait; when there are more, all that wait are dropped
    /// and [`ConnectionEvents::keyframe_wanted`] is called.
    fn send_frame(&self, frame: EncodedFrame);
    /// Sends a text message; it is dropped, and counted, when the channel is not open or has too much to send.
    fn send_message(&self, text: String);
    /// Asks the sender for a keyframe, at most twice a second.
    fn request_keyframe(&self);
    /// What went through so far.
    fn stats(&self) -> Stats;
    /// Says farewell and frees everything.
    async fn close(&self);
}

/// Makes connections out of offers.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Answers an offer; the answer has all our candidates. When this fails or is dropped, nothing is left running.
    ///
    /// # Errors
    /// What is wrong with the offer, or why no connection can be had.
    async fn answer(
        &self,
        offer: &str,
        direction: Direction,
        events: Arc<dyn ConnectionEvents>,
    ) -> Result<(String, Arc<dyn Peer>), Error>;
}

/// The transport on the `webrtc` crate.
pub fn transport(settings: Settings) -> Box<dyn Transport> {
    Box::new(answer::WebRtc::new(settings))
}

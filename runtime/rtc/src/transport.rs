//! From offers to connections.

use std::sync::Arc;

use async_trait::async_trait;
use framebox_media::Codec;

use crate::{ConnectionEvents, Direction, Error, Offered, Peer};

/// The answer to an offer, and the connection that it belongs to.
pub struct Answer {
    /// The session description for the peer.
    pub sdp: String,
    /// The connection.
    pub peer: Arc<dyn Peer>,
    /// The codec of the video, in whichever direction it goes.
    pub codec: Codec,
    /// The largest picture that the peer decodes, pixels; `None` where it names no bound.
    pub max_pixels: Option<u64>,
    /// The largest NAL unit that can be sent to the peer, bytes; `None` where larger ones are sent in parts.
    pub max_unit_bytes: Option<u32>,
}

/// Answers offers.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Answers an offer; the answer has all candidates of this side. When this fails or its future is dropped, nothing is
    /// left running.
    ///
    /// # Errors
    /// Every [`Error`] that an offer can cause, [`Error::NoPort`], and [`Error::Setup`].
    async fn answer(
        &self,
        offer: &str,
        direction: Direction,
        events: Arc<dyn ConnectionEvents>,
    ) -> Result<Answer, Error>;

    /// Makes an offer of this side's own, on which it sends video in every codec that it has. It holds a port, if each connection has
    /// one of its own, and nothing else.
    ///
    /// # Errors
    /// [`Error::NoPort`], and [`Error::Setup`].
    fn offer(&self) -> Result<Offered, Error>;

    /// Connects to the peer that answers an offer of this side's own. [`Answer::sdp`] is of no use to that peer.
    ///
    /// # Errors
    /// Those of [`answer`](Self::answer), with which the peer's answer is read.
    async fn accept(&self, offered: Offered, answer: &str, events: Arc<dyn ConnectionEvents>) -> Result<Answer, Error>;
}

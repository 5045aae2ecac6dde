//! One connection as its owner uses it.

use async_trait::async_trait;
use framebox_media::EncodedFrame;

use crate::{Candidate, Error, Stats};

/// One connection. Dropping it ends the connection without a farewell to the peer.
#[async_trait]
pub trait Peer: Send + Sync {
    /// Adds a candidate that came after the offer.
    ///
    /// # Errors
    /// [`Error::Candidate`] when it is malformed or one too many, [`Error::Closed`] after the end.
    async fn add_candidate(&self, candidate: Candidate) -> Result<(), Error>;
    /// Answers another offer of the same peer, with other ICE credentials (ICE restart, RFC 8445 section 2.4). The connection,
    /// its media and its data channel go on.
    ///
    /// # Errors
    /// [`Error::Offer`] when it is not an offer of this connection, [`Error::Closed`] after the end.
    async fn renegotiate(&self, offer: &str) -> Result<String, Error>;
    /// Sends a frame. Never blocks: at most a few frames wait; a frame that finds no room replaces them all, and
    /// [`ConnectionEvents::keyframe_wanted`](crate::ConnectionEvents::keyframe_wanted) is called.
    fn send_frame(&self, frame: EncodedFrame);
    /// Sends a text message. It is dropped and counted when the channel is not open or has too much to send.
    fn send_message(&self, text: String);
    /// Asks the peer for a keyframe; requests are folded to at most two a second.
    fn request_keyframe(&self);
    /// Counts since the connection began.
    fn stats(&self) -> Stats;
    /// Closes the connection, notifies the peer, and frees everything.
    async fn close(&self);
}

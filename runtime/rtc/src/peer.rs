//! One connection as its owner uses it.

use async_trait::async_trait;
use framebox_media::EncodedFrame;

use crate::sdp::Fragment;
use crate::{Candidate, Error, Stats};

/// An ICE session: what a restart replaces (RFC 8445 section 9). Both user name fragments are other ones in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceSession {
    /// User name fragment of this side.
    pub local: String,
    /// User name fragment of the peer.
    pub remote: String,
}

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
    /// The ICE session that holds.
    fn ice_session(&self) -> IceSession;
    /// Restarts ICE with the credentials of a fragment, as [`renegotiate`](Self::renegotiate) does with those of an offer. Returns the
    /// fragment for the peer. `session` is the [local part](IceSession::local) of the ICE session that is to be replaced. When this
    /// fails, the one that holds goes on.
    ///
    /// # Errors
    /// [`Error::Stale`] when another session holds, [`Error::Fragment`] when it has no credentials, [`Error::Closed`] after the end.
    async fn restart_ice(&self, fragment: &Fragment, session: &str) -> Result<String, Error>;
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

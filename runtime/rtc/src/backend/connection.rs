//! A connection that was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use framebox_media::EncodedFrame;
use tokio::time::timeout;
use webrtc::peer_connection::{PeerConnection, RTCIceCandidateInit};

use super::negotiation::Negotiation;
use super::shared::{AbortGuard, Shared};
use crate::sdp::candidate::{self, Candidate};
use crate::stats::add;
use crate::{Error, Fragment, IceSession, Peer, State, Stats};

/// Longest wait for the closing of the connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A [`Peer`] on the library.
pub struct Connection {
    library: Arc<dyn PeerConnection>,
    candidates: Candidates,
    shared: Arc<Shared>,
    negotiation: Negotiation,
    _guard: AbortGuard,
}

impl Connection {
    /// A connection that was set up, with the peer's candidates that its offer had.
    pub fn new(
        library: Arc<dyn PeerConnection>,
        guard: AbortGuard,
        negotiation: Negotiation,
        candidates: Candidates,
    ) -> Self {
        let shared = guard.0.clone();
        Self { library, candidates, shared, negotiation, _guard: guard }
    }
}

/// The candidates of a peer.
pub struct Candidates {
    /// Whether they are checked.
    checks: bool,
    /// How many there are.
    number: AtomicUsize,
}

impl Candidates {
    /// The first `number` candidates, and whether they are checked.
    pub fn new(checks: bool, number: usize) -> Self {
        Self { checks, number: AtomicUsize::new(number) }
    }
}

#[async_trait]
impl Peer for Connection {
    async fn add_candidate(&self, candidate: Candidate) -> Result<(), Error> {
        let usable = candidate::usable(&candidate.candidate)?;
        if self.shared.is_over() {
            return Err(Error::Closed);
        }
        let Some(usable) = usable else { return Ok(()) };
        let number = self.candidates.number.fetch_add(1, Ordering::Relaxed);
        if number >= candidate::MAX_OFFERED {
            return Err(Error::Candidate(format!("there are {} already", candidate::MAX_OFFERED)));
        }
        if !self.candidates.checks || number >= candidate::MAX_CANDIDATES {
            return Ok(());
        }
        add_candidate(&self.library, usable).await
    }

    async fn renegotiate(&self, offer: &str) -> Result<String, Error> {
        if self.shared.is_over() {
            return Err(Error::Closed);
        }
        self.negotiation.renegotiate(offer).await
    }

    fn ice_session(&self) -> IceSession {
        self.negotiation.session()
    }

    async fn restart_ice(&self, fragment: &Fragment, session: &str) -> Result<String, Error> {
        if self.shared.is_over() {
            return Err(Error::Closed);
        }
        let answer = self.negotiation.restart(fragment, session).await?;
        // Those of the session before are discarded.
        self.candidates.number.store(fragment.candidates.len(), Ordering::Relaxed);
        Ok(answer)
    }

    fn send_frame(&self, frame: EncodedFrame) {
        if self.shared.frames.push(frame) {
            self.shared.events.keyframe_wanted();
        }
    }

    fn send_message(&self, text: String) {
        if !self.shared.messages.push(text) {
            add(&self.shared.counters.messages_dropped, 1);
        }
    }

    fn request_keyframe(&self) {
        self.shared.keyframe_wanted.notify_one();
    }

    fn stats(&self) -> Stats {
        let checks_received = self.shared.wall.limits().addresses.checks();
        Stats { frames_dropped: self.shared.frames.dropped(), checks_received, ..self.shared.counters.read() }
    }

    async fn close(&self) {
        // First of all: no state that the library reports while it closes is passed on.
        self.shared.enter(State::Closed);
        if timeout(CLOSE_TIMEOUT, self.library.close()).await.is_err() {
            tracing::debug!("a connection took too long to close; it is dropped");
        }
        self.shared.abort();
    }
}

/// Hands a candidate to the library.
///
/// # Errors
/// [`Error::Candidate`] when the library refuses it.
pub async fn add_candidate(library: &Arc<dyn PeerConnection>, usable: &str) -> Result<(), Error> {
    let candidate = RTCIceCandidateInit { candidate: usable.to_owned(), ..RTCIceCandidateInit::default() };
    library.add_ice_candidate(candidate).await.map_err(|error| Error::Candidate(error.to_string()))
}

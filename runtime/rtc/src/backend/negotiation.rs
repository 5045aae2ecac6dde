//! Answers the offers of one connection: the first one, and those that restart ICE, or the fragments that stand for them.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::timeout;
use webrtc::peer_connection::{PeerConnection, RTCSessionDescription};

use super::connection::add_candidate;
use super::place::Place;
use super::shared::Shared;
use crate::sdp::{Fragment, Offer};
use crate::{Direction, Error, IceSession};

/// Time for gathering our candidates; those that are not known by then, a slow STUN server's, are left out.
const GATHERING_TIMEOUT: Duration = Duration::from_secs(2);

/// Answers the offers of one connection.
pub struct Negotiation {
    library: Arc<dyn PeerConnection>,
    shared: Arc<Shared>,
    place: Place,
    public_addresses: Vec<IpAddr>,
    direction: Direction,
    /// Whether the peer's candidates are checked.
    checks: bool,
    /// True once all candidates of this side are known.
    gathered: watch::Sender<bool>,
    /// The first offer; locked while one is answered.
    first: Mutex<Offer>,
    /// The ICE session that holds.
    session: std::sync::Mutex<IceSession>,
}

/// What a negotiation needs.
pub struct Setup<'a> {
    pub library: &'a Arc<dyn PeerConnection>,
    pub shared: &'a Arc<Shared>,
    pub place: Place,
    pub public_addresses: &'a [IpAddr],
    pub direction: Direction,
    /// Whether there are STUN or TURN servers.
    pub has_servers: bool,
    pub gathered: watch::Sender<bool>,
}

impl Negotiation {
    /// The negotiation that begins with this offer.
    pub fn new(setup: Setup<'_>, offer: &Offer) -> Self {
        let Setup { library, shared, place, public_addresses, direction, has_servers, gathered } = setup;
        Self {
            library: library.clone(),
            shared: shared.clone(),
            place,
            public_addresses: public_addresses.to_vec(),
            direction,
            // A client that is not behind a firewall of ours reaches us: its checks tell where it is. Only where these may not
            // come through, or where the client sends none, are there checks to what the offer names.
            checks: offer.ice_lite || has_servers,
            gathered,
            first: Mutex::new(offer.clone()),
            session: std::sync::Mutex::default(),
        }
    }

    /// Whether the peer's candidates are checked.
    pub fn checks(&self) -> bool {
        self.checks
    }

    /// Answers the first offer.
    ///
    /// # Errors
    /// What the library says of the offer.
    pub async fn begin(&self) -> Result<String, Error> {
        let first = self.first.lock().await;
        self.answer(&first).await
    }

    /// Answers a later one, which restarts ICE if its credentials are others.
    ///
    /// # Errors
    /// [`Error::Offer`] when it is not of the same peer, or for other media.
    pub async fn renegotiate(&self, text: &str) -> Result<String, Error> {
        let first = self.first.lock().await;
        let offer = Offer::read_with(text, self.direction, &[first.video.codec])?;
        offer.continues(&first)?;
        self.answer(&offer).await
    }

    /// Restarts ICE with the credentials of a fragment, in place of the session whose [local part](IceSession::local) is `session`.
    /// Returns the fragment for the peer.
    ///
    /// # Errors
    /// [`Error::Stale`] when another session holds, [`Error::Fragment`] when it has no credentials.
    pub async fn restart(&self, fragment: &Fragment, session: &str) -> Result<String, Error> {
        let first = self.first.lock().await;
        if self.session().local != session {
            return Err(Error::Stale);
        }
        let no_credentials = || Error::Fragment("a restart needs a=ice-ufrag and a=ice-pwd".to_owned());
        let offer = first.restarted(fragment).ok_or_else(no_credentials)?;
        Ok(Fragment::of_answer(&self.answer(&offer).await?))
    }

    /// The ICE session that holds.
    pub fn session(&self) -> IceSession {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn answer(&self, offer: &Offer) -> Result<String, Error> {
        self.gathered.send_replace(false);
        let remote = RTCSessionDescription::offer(offer.reduced.clone()).map_err(offer_error)?;
        self.library.set_remote_description(remote).await.map_err(offer_error)?;
        if self.checks {
            self.shared.wall.limits().addresses.speculate(offer.bytes);
            for candidate in &offer.candidates {
                add_candidate(&self.library, candidate).await?;
            }
        }
        let local = self.library.create_answer(None).await.map_err(setup_error)?;
        self.library.set_local_description(local).await.map_err(setup_error)?;
        if timeout(GATHERING_TIMEOUT, self.gathered.subscribe().wait_for(|gathered| *gathered)).await.is_err() {
            tracing::warn!("not all candidates were gathered in time; is a STUN or TURN server unreachable?");
        }
        let local = self.library.local_description().await.ok_or_else(no_answer)?;
        let sdp = offer.answer(&local.sdp).ok_or_else(no_answer)?;
        if let Some(ufrag) = local.sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")) {
            let ufrag = ufrag.trim();
            self.shared.wall.limits().addresses.answered(ufrag);
            if let Some(registration) = self.place.registration() {
                registration.answered(ufrag);
            }
            let session = IceSession { local: ufrag.to_owned(), remote: offer.ufrag().to_owned() };
            *self.session.lock().unwrap_or_else(PoisonError::into_inner) = session;
        }
        Ok(self.place.candidates(&self.public_addresses).apply(&sdp))
    }
}

/// The library answers something else than it was asked.
fn no_answer() -> Error {
    Error::Offer("no answer fits it".to_owned())
}

/// An error of the library that the offer caused.
fn offer_error(error: webrtc::error::Error) -> Error {
    Error::Offer(error.to_string())
}

/// An error of the library that the offer has no part in.
pub fn setup_error(error: webrtc::error::Error) -> Error {
    Error::Setup(Box::new(error))
}

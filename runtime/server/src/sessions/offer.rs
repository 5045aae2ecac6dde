//! Answers offers: from an SDP text to an active session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_catalog::{self as catalog, Catalog, LoadedVersion};
use framebox_media::decode;
use framebox_pipeline::node::{self, Node, admission};
use framebox_pipeline::{Needs, Permit, Policy, Setup, Skipping, Unprocessed, stream};
use framebox_rtc::{self as rtc, Answer, Direction, Transport};
use framebox_sandbox::{Kind, MemoryAccount, NoSources};
use framebox_worker::Workers;

use super::active::{Client, Negotiated};
use super::connection::Connection;
use super::follower::VersionFollower;
use super::owner::Owner;
use super::restart::Relation;
use super::{ActiveSession, Found, Rejection, Reservation, Sessions};
use crate::config::{self, SessionDefaults};
use crate::sources::SourceRegistry;

/// What an offer asks for beside the connection.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name of the handler; `None` for the default one.
    pub handler: Option<String>,
    /// Rate of a generator, frames a second, within [`framebox_pipeline::schedule::frame_clock::RATES`]; `None` for the handler's own.
    pub fps: Option<f32>,
    /// Which frames are skipped; `None` for the handler's policy.
    pub skipping: Option<Skipping>,
    /// What is shown for a frame without a result; `None` for the handler's policy.
    pub unprocessed: Option<Unprocessed>,
}

/// Why an offer was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The handler does not exist or cannot be loaded.
    #[error(transparent)]
    Handler(catalog::Error),
    /// A session with this id exists.
    #[error("this `webrtc_id` is connected already: use another one for each connection")]
    Exists,
    /// The session with this id is over, and what it held is being freed.
    #[error("the session of this `webrtc_id` is ending: try again in a moment, or use another id")]
    Ending,
    /// An earlier offer of the client restarts the connection.
    #[error("an earlier offer for this `webrtc_id` is being answered: try again in a moment")]
    Restarting,
    /// The principal has as many sessions as it may.
    #[error("you have {most} sessions, which is the most allowed for one client: end one first")]
    Quota {
        /// The most that it may have.
        most: u32,
    },
    /// Every slot is taken.
    #[error("the server serves as many sessions as it may: try again later")]
    Full,
    /// The running sessions use the machine's capacity.
    #[error(transparent)]
    Overloaded(node::OverloadedError),
    /// The offer is invalid or offers nothing to take part in, or no connection can be set up.
    #[error(transparent)]
    Peer(rtc::Error),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Exists => Self::Exists,
            Rejection::Ending => Self::Ending,
            Rejection::Quota { most } => Self::Quota { most },
            Rejection::Limit => Self::Full,
        }
    }
}

/// A session that has a slot, before it has ends.
struct Admitted<'a> {
    entry: LoadedVersion,
    witness: String,
    reservation: Reservation<'a>,
    permit: Option<Box<dyn Permit>>,
    account: MemoryAccount,
}

/// Answers offers with sessions.
pub struct Answerer {
    /// The handlers.
    pub catalog: Arc<Catalog>,
    /// The sessions that were answered.
    pub sessions: Arc<Sessions>,
    /// Sets up connections.
    pub transport: Box<dyn Transport>,
    /// Where sessions run.
    pub workers: Workers,
    /// Settings of the encoder.
    pub encoder: config::Encoder,
    /// What handlers may read.
    pub sources: SourceRegistry,
    /// Budgets and policies of handlers.
    pub defaults: Arc<SessionDefaults>,
    /// Moves sessions when versions change.
    pub follower: Arc<VersionFollower>,
    /// Longest time that the peer of a session may be disconnected.
    pub disconnect_timeout: Duration,
    /// Admits sessions by their cost; `None` admits as many as there are slots.
    pub node: Option<Arc<Node>>,
}

impl Answerer {
    /// Answers an offer of `owner`, who may have `most` sessions at once. The session starts when the peer is connected, and
    /// supervises itself; a slot is held only when this succeeds.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn answer(
        &self,
        id: &str,
        (owner, most): (Owner, Option<u32>),
        options: &Options,
        offer: &str,
    ) -> Result<String, Error> {
        let Admitted { entry, witness, reservation, permit, account } =
            self.admit(id, (owner, most), options.handler.as_deref()).await?;
        let name = entry.version().name.clone();
        let name = name.as_str();
        let connection = Arc::new(Connection::new(&account, self.disconnect_timeout));
        let direction = match entry.component.kind() {
            Kind::Transform => Direction::SendReceive,
            Kind::Generator => Direction::SendOnly,
            Kind::Observer => Direction::ReceiveOnly,
        };
        let answer = self.transport.answer(offer, direction, connection.clone()).await.map_err(Error::Peer)?;
        let Answer { sdp, peer, codec, max_pixels, max_unit_bytes } = answer;
        connection.set_needs(Needs { codec, max_pixels, max_unit_bytes });
        let session = self.workers.session(framebox_worker::Setup {
            session: Setup { permit, account, ..self.setup(name, &entry, options, &connection) },
            connections: connection.of_session(),
            grants: self.sources.granted(name),
        });
        tracing::info!(session = id, handler = name, version = entry.version().number, "session answered");
        let client = Client { peer: peer.clone(), negotiated: Negotiated::new(offer, &sdp, codec) };
        let active = Arc::new(ActiveSession::new((id, name), witness, entry, connection, Some(client), session));
        let follow = self.follower.clone().follow(active.clone());
        for candidate in reservation.fill(&self.sessions, active, follow) {
            // It was accepted before the offer was known; a wrong one does no harm.
            if let Err(error) = peer.add_candidate(candidate).await {
                tracing::debug!(%error, "a candidate that arrived before its offer was rejected");
            }
        }
        Ok(sdp)
    }

    /// Begins a stream's session for `owner`, who may have `most` at once: it starts by itself, and its input and its viewers
    /// come and go.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn open(
        &self,
        id: &str,
        (owner, most): (Owner, Option<u32>),
        options: &Options,
    ) -> Result<Arc<ActiveSession>, Error> {
        let Admitted { entry, witness, reservation, permit, account } =
            self.admit(id, (owner, most), options.handler.as_deref()).await?;
        let name = entry.version().name.clone();
        let name = name.as_str();
        let connection = Arc::new(Connection::without_peer(&account));
        let session = self.workers.session(framebox_worker::Setup {
            session: Setup { permit, account, ..self.setup(name, &entry, options, &connection) },
            connections: connection.of_session(),
            grants: self.sources.granted(name),
        });
        tracing::info!(session = id, handler = name, version = entry.version().number, "a stream's session begins");
        let active = Arc::new(ActiveSession::new((id, name), witness, entry, connection, None, session));
        let follow = self.follower.clone().follow(active.clone());
        reservation.fill(&self.sessions, active.clone(), follow);
        Ok(active)
    }

    /// Loads the handler, and takes a slot and a permit for a session of it.
    async fn admit(
        &self,
        id: &str,
        (owner, most): (Owner, Option<u32>),
        handler: Option<&str>,
    ) -> Result<Admitted<'_>, Error> {
        let entry = self.catalog.open(handler).await.map_err(Error::Handler)?;
        let witness = owner.witness(id);
        let reservation = self.sessions.reserve(id, owner, most)?;
        let digest = entry.component.digest().to_string();
        let permit =
            self.node.as_ref().map(|node| node.admit(Instant::now(), &digest, self.memory(&entry))).transpose();
        let permit = permit.map_err(Error::Overloaded)?.map(|permit| Box::new(permit) as Box<dyn Permit>);
        Ok(Admitted { entry, witness, reservation, permit, account: self.defaults.account() })
    }

    /// Answers a later offer of a session's client: ICE is restarted, everything else goes on.
    ///
    /// # Errors
    /// [`Error::Exists`] when it is no such offer, [`Error::Restarting`] while another one is answered, [`Error::Ending`], and
    /// what the connection has against it.
    pub async fn restart(&self, found: Found, offer: &str) -> Result<String, Error> {
        let active = found.active().ok_or(Error::Ending)?;
        let restarts = active.restarts().ok_or(Error::Exists)?.clone();
        if restarts.relation(offer) != Relation::Restart {
            return Err(Error::Exists);
        }
        let guard = restarts.begin().ok_or(Error::Restarting)?;
        let peer = active.peer().ok_or(Error::Ending)?;
        let (sessions, offer) = (self.sessions.clone(), offer.to_owned());
        // A client that no longer waits for the answer leaves nothing half done.
        let work = self.sessions.run(async move {
            let _guard = guard;
            let sdp = peer.renegotiate(&offer).await.map_err(Error::Peer)?;
            restarts.answered(&offer);
            tracing::info!(session = active.id, "ICE restarted");
            for candidate in sessions.take_candidates(&active.id) {
                if let Err(error) = peer.add_candidate(candidate).await {
                    tracing::debug!(%error, "a candidate that arrived before its offer was rejected");
                }
            }
            Ok(sdp)
        });
        work.await.unwrap_or(Err(Error::Ending))
    }

    /// Returns what sessions use and may use of the machine; `None` when that is not limited.
    pub fn load(&self) -> Option<admission::Load> {
        let load = self.node.as_ref().map(|node| node.load(Instant::now()));
        load.filter(|load| load.capacity_ms.is_finite())
    }

    /// Returns what a session of a handler of which nothing is known may hold, bytes: its memory, its codecs, and a part of
    /// the account, which few use up.
    fn memory(&self, entry: &LoadedVersion) -> u64 {
        let decoder = decode::Settings::up_to(self.defaults.largest_input()).memory();
        let account = self.defaults.account().limit() / 4;
        (entry.limits.memory as u64).saturating_add(decoder).saturating_add(account as u64)
    }

    fn setup(&self, name: &str, entry: &LoadedVersion, options: &Options, connection: &Connection) -> Setup {
        let policy = self.defaults.policy(name);
        let (bitrate, max_bitrate) = (self.encoder.start_kbps * 1000, self.encoder.max_kbps * 1000);
        let encoding = stream::Settings { bitrate, max_bitrate, ..stream::Settings::default() };
        Setup {
            component: entry.component.clone(),
            fps: options.fps,
            largest_input: self.defaults.largest_input(),
            limits: entry.limits.clone(),
            encoding,
            log: connection.control().clone(),
            // Given where the session runs.
            sources: Arc::new(NoSources),
            account: self.defaults.account(),
            policy: Policy {
                skipping: options.skipping.unwrap_or(policy.skipping),
                unprocessed: options.unprocessed.unwrap_or(policy.unprocessed),
            },
            budgets: self.defaults.budgets(entry.version()),
            permit: None,
        }
    }
}

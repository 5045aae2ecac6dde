//! From an offer to an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use webrtc::peer_connection::RTCSessionDescription;

use super::bitrate::Controller;
use super::feedback::Feedback;
use super::link::{self, Events, Guard, Link, Shared};
use super::offer::Offer;
use super::packetizer::Packetizer;
use super::ports::Ports;
use super::setup::{self, Plan};
use super::{ConnectionEvents, Direction, Error, Peer, Settings, State, Transport, sending};

/// Time for gathering our candidates; those that are not known by then, a slow STUN server's, are left out.
const GATHERING: Duration = Duration::from_secs(2);
/// Attempts at a port of the range that turns out to be taken by another program.
const ATTEMPTS: usize = 5;
/// What the viewer says and nobody has heard yet.
const SAID: usize = 32;
/// The bit rate is never taken below this, b/s.
const FLOOR: u32 = 150_000;

/// The transport on the `webrtc` crate.
pub struct WebRtc {
    settings: Settings,
    ports: Arc<Ports>,
}

impl WebRtc {
    /// Nothing is bound before an offer comes.
    pub fn new(settings: Settings) -> Self {
        let ports = Arc::new(Ports::new(settings.udp_ports.clone()));
        Self { settings, ports }
    }
}

#[async_trait]
impl Transport for WebRtc {
    async fn answer(
        &self,
        offer: &str,
        direction: Direction,
        events: Arc<dyn ConnectionEvents>,
    ) -> Result<(String, Arc<dyn Peer>), Error> {
        let offer = Offer::read(offer, direction)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.attempt(&offer, direction, events.clone()).await {
                Err(Error::NoPort) if attempts < ATTEMPTS && self.settings.udp_ports.is_some() => {}
                result => return result,
            }
        }
    }
}

impl WebRtc {
    async fn attempt(
        &self,
        offer: &Offer,
        direction: Direction,
        events: Arc<dyn ConnectionEvents>,
    ) -> Result<(String, Arc<dyn Peer>), Error> {
        let addresses = setup::addresses(&self.settings.addresses);
        let port = self.ports.take(&addresses)?;
        let shared = Arc::new(Shared::new(events));
        // From here on everything that runs ends with this.
        let guard = Guard(shared.clone());
        let (gathered, mut gathering) = watch::channel(false);
        let (said, hearing) = mpsc::channel(SAID);
        let [ssrc, repair_ssrc] = streams();
        let plan = Plan {
            video: &offer.video,
            addresses: addresses.iter().map(|address| SocketAddr::new(*address, port.number())).collect(),
            ice_servers: &self.settings.ice_servers,
            handler: Arc::new(Events::new(&shared, gathered)),
            feedback: Feedback::new(ssrc, said),
            tasks: shared.tasks.clone(),
        };
        // What can go wrong here is binding.
        let connection = setup::build(plan).await.map_err(|error| {
            tracing::warn!(%error, port = port.number(), "no socket for media");
            Error::NoPort
        })?;
        let track =
            setup::add_video(&connection, &offer.video, direction, ssrc, repair_ssrc).await.map_err(setup::failed)?;
        let refused = |error: webrtc::error::Error| Error::Offer(error.to_string());
        let remote = RTCSessionDescription::offer(offer.reduced.clone()).map_err(refused)?;
        connection.set_remote_description(remote).await.map_err(refused)?;
        for candidate in &offer.candidates {
            link::add_candidate(&connection, candidate).await?;
        }
        let local = connection.create_answer(None).await.map_err(setup::failed)?;
        connection.set_local_description(local).await.map_err(setup::failed)?;
        if timeout(GATHERING, gathering.wait_for(|gathered| *gathered)).await.is_err() {
            tracing::warn!("not all candidates were gathered in time; is a STUN or TURN server out of reach?");
        }
        let local = connection.local_description().await.ok_or(Error::NoH264)?;
        let answer = offer.answer(&local.sdp).ok_or(Error::NoH264)?;

        if let Some(track) = track {
            let packetizer = Packetizer::new(offer.video.payload_type, ssrc, (repair_ssrc >> 16) as u16);
            let (frames, counters) = (shared.frames.clone(), shared.counters.clone());
            shared.spawn(sending::send(frames, track, packetizer, shared.events.clone(), counters));
            let controller = Controller::new(self.settings.start_bitrate, FLOOR, self.settings.max_bitrate);
            shared.spawn(sending::listen(hearing, controller, shared.events.clone(), shared.counters.clone()));
        }
        watch_end(&shared);
        shared.spawn(link::watch_farewell(connection.clone(), Arc::downgrade(&shared)));
        let peer = Link::new(connection, guard, port, offer.candidates.len());
        Ok((answer, Arc::new(peer)))
    }
}

/// The library's task may end by itself, by an error or a panic: then nothing will happen on the connection any more.
fn watch_end(shared: &Arc<Shared>) {
    let ended = shared.tasks.ended().clone();
    let weak = Arc::downgrade(shared);
    shared.spawn(async move {
        ended.cancelled().await;
        if let Some(shared) = weak.upgrade() {
            shared.enter(State::Failed);
        }
    });
}

/// Numbers for our two streams.
fn streams() -> [u32; 2] {
    use std::hash::{BuildHasher, RandomState};
    // The standard library's keys are random, and that is all that is asked of these numbers.
    let random = RandomState::new().hash_one(0u8);
    let [first, second] = [random as u32 | 1, (random >> 32) as u32 & !1 | 2];
    [first, second]
}

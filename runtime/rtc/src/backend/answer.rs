//! From an offer to an answer.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use framebox_media::Codec;
use tokio::sync::{Notify, mpsc, watch};

use super::closing;
use super::connection::{Candidates, Connection};
use super::handler::Handler;
use super::interceptor::video::{MAX_WAITING, Shared as Received};
use super::interceptor::{FeedbackReader, Transmit, VideoReader};
use super::negotiation::{self, Negotiation, setup_error};
use super::network;
use super::offered::{Identity, Offered};
use super::place::Place;
use super::port::SharedPort;
use super::ports::Ports;
use super::setup::Setup;
use super::shared::{AbortGuard, Shared};
use super::tracks::{self, RemoteTrack, Ssrcs};
use crate::bandwidth::Limits;
use crate::packet::MAX_PAYLOAD;
use crate::receive::receiver;
use crate::sdp::Offer;
use crate::send::{Outlook, RtpStream, Transmitter, feedback, sender};
use crate::{Answer, ConnectionEvents, Direction, Error, Settings, Transport};

/// Attempts at a port of the range when another program turns out to hold one.
const MAX_ATTEMPTS: usize = 5;
/// Lowest bit rate, b/s.
const MIN_BITRATE: u32 = 60_000;

/// The transport on the `webrtc` crate.
pub struct WebRtc {
    settings: Settings,
    /// Where there is a range.
    ports: Arc<Ports>,
    /// Where there is none.
    shared_port: Arc<SharedPort>,
}

impl WebRtc {
    /// A transport. Sockets are bound when the first offer comes.
    pub fn new(settings: Settings) -> Self {
        let ports = Arc::new(Ports::new(settings.udp_ports.clone()));
        let shared_port = Arc::new(SharedPort::new(settings.udp_port, settings.tcp));
        Self { settings, ports, shared_port }
    }
}

#[async_trait]
impl Transport for WebRtc {
    async fn answer(
        &self,
        offer: &str,
        direction: Direction,
        events: Arc<dyn ConnectionEvents>,
    ) -> Result<Answer, Error> {
        let offer = Offer::read_with(offer, direction, &self.settings.codecs)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.attempt(&offer, direction, events.clone(), None).await {
                Err(Error::NoPort) if attempts < MAX_ATTEMPTS && self.settings.udp_ports.is_some() => {}
                result => return result,
            }
        }
    }

    fn offer(&self) -> Result<Offered, Error> {
        let codecs: Vec<Codec> = self.settings.codecs.iter().copied().filter(|codec| codec.is_available()).collect();
        let addresses = network::addresses(&self.settings.addresses);
        let place = self.place(&addresses)?;
        Offered::new(&codecs, place, &addresses, &self.settings.public_addresses, random_numbers().0)
    }

    async fn accept(&self, offered: Offered, answer: &str, events: Arc<dyn ConnectionEvents>) -> Result<Answer, Error> {
        // To the library, the peer's answer is the offer: each side says in either what it has and what it takes.
        let offer = Offer::read_with(answer, Direction::SendOnly, &self.settings.codecs)?;
        self.attempt(&offer, Direction::SendOnly, events, Some(offered.identity)).await
    }
}

impl WebRtc {
    /// A place for the sockets of one more connection.
    fn place(&self, addresses: &[IpAddr]) -> Result<Place, Error> {
        if self.settings.udp_ports.is_some() {
            return self.ports.take(addresses).map(Place::Own);
        }
        let registration = self.shared_port.register(addresses).map_err(|error| {
            tracing::warn!(%error, "no socket for media");
            Error::NoPort
        })?;
        Ok(Place::Shared(Arc::new(registration)))
    }

    async fn attempt(
        &self,
        offer: &Offer,
        direction: Direction,
        events: Arc<dyn ConnectionEvents>,
        identity: Option<Identity>,
    ) -> Result<Answer, Error> {
        let addresses = network::addresses(&self.settings.addresses);
        let (mut ssrcs, first_sequence) = random_numbers();
        let (place, promised) = match identity {
            None => (self.place(&addresses)?, None),
            Some(Identity { credentials, certificate, ssrcs: offered, place }) => {
                ssrcs = offered;
                (place, Some((credentials, certificate)))
            }
        };
        let shared = Arc::new(Shared::new(events));
        // Everything that runs from here on ends with the guard.
        let guard = AbortGuard(shared.clone());
        let gathered = watch::Sender::new(false);
        let codec = offer.video.codec;
        let (packets, incoming) = mpsc::channel(MAX_WAITING);
        let received = Arc::<Received>::default();
        let Settings { start_bitrate: start, max_bitrate: cap, .. } = self.settings;
        let transmitter = Transmitter::new(codec, Limits { start, floor: MIN_BITRATE, cap });
        let (outlook, seen_outlook) = watch::channel(Outlook { bitrate: start.min(cap), ..Outlook::default() });
        let keyframe_requested = Arc::<Notify>::default();
        let setup = Setup {
            offer,
            reader: VideoReader::new(&offer.video, received.clone(), packets, shared.counters.clone()),
            addresses: place.addresses(&addresses),
            ice_servers: &self.settings.ice_servers,
            handler: Arc::new(Handler::new(&shared, gathered.clone())),
            transmit: Transmit::new(transmitter, ssrcs.pictures, outlook),
            feedback: FeedbackReader::new(ssrcs.pictures, keyframe_requested.clone()),
            tasks: shared.library_tasks.clone(),
            wall: shared.wall.clone(),
            shared: place.registration().cloned(),
            disconnect_timeout: self.settings.disconnect_timeout,
            promised,
        };
        // What can fail here is binding.
        let connection = setup.build().await.map_err(|error| {
            tracing::warn!(%error, "no socket for media");
            Error::NoPort
        })?;
        let track = tracks::add_video(&connection, offer, direction, ssrcs).await.map_err(setup_error)?;
        let negotiation = negotiation::Setup {
            library: &connection,
            shared: &shared,
            place,
            public_addresses: &self.settings.public_addresses,
            direction,
            has_servers: !self.settings.ice_servers.is_empty(),
            gathered,
        };
        let negotiation = Negotiation::new(negotiation, offer);
        let sdp = negotiation.begin().await?;

        if direction.receives() {
            let source = RemoteTrack::new(&offer.video, incoming, received, track.clone());
            let (wanted, events, counters) =
                (shared.keyframe_wanted.clone(), shared.events.clone(), shared.counters.clone());
            shared.spawn(receiver::run(source, codec, wanted, events, counters));
        }
        if let Some(track) = track {
            let stream = RtpStream::of_format(&offer.video, ssrcs.pictures, first_sequence);
            let (frames, counters) = (shared.frames.clone(), shared.counters.clone());
            let outlook = seen_outlook.clone();
            shared.spawn(sender::run(frames, track, stream, outlook, shared.events.clone(), counters));
            let (events, counters) = (shared.events.clone(), shared.counters.clone());
            shared.spawn(feedback::run(keyframe_requested, seen_outlook, events, counters));
        }
        closing::watch_library(&shared);
        shared.spawn(closing::watch_start(Arc::downgrade(&shared)));
        shared.spawn(closing::watch_encryption(connection.clone(), Arc::downgrade(&shared)));
        let candidates = Candidates::new(negotiation.checks(), offer.candidates.len());
        let peer = Arc::new(Connection::new(connection, guard, negotiation, candidates));
        let max_unit_bytes = (!offer.video.fragments()).then_some(MAX_PAYLOAD as u32);
        Ok(Answer { sdp, peer, codec, max_pixels: offer.video.max_pixels(), max_unit_bytes })
    }
}

/// SSRCs that are not zero and differ, and the first sequence number.
fn random_numbers() -> (Ssrcs, u16) {
    // The keys of the standard library's hasher are random, which is all that these numbers have to be.
    let random = RandomState::new().hash_one(0u8);
    let (pictures, retransmissions) = (random as u32 | 1, (random >> 32) as u32 & !1 | 2);
    (Ssrcs { pictures, retransmissions }, (retransmissions >> 16) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssrcs_differ_and_are_not_zero() {
        for _ in 0..100 {
            let (ssrcs, _) = random_numbers();
            assert!(ssrcs.pictures != 0 && ssrcs.retransmissions != 0 && ssrcs.pictures != ssrcs.retransmissions);
        }
    }
}

//! From an offer to an answer.

use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;
use webrtc::peer_connection::RTCSessionDescription;

use super::closing;
use super::connection::{Candidates, Connection, add_candidate};
use super::handler::Handler;
use super::interceptor::video::{MAX_WAITING, Shared as Received};
use super::interceptor::{FeedbackReader, Transmit, VideoReader};
use super::network;
use super::ports::Ports;
use super::setup::Setup;
use super::shared::{AbortGuard, Shared};
use super::tracks::{self, RemoteTrack, Ssrcs};
use crate::bandwidth::Limits;
use crate::receive::receiver;
use crate::sdp::Offer;
use crate::send::{Outlook, RtpStream, Transmitter, feedback, sender};
use crate::{Answer, ConnectionEvents, Direction, Error, Settings, Transport};

/// Time for gathering our candidates; those that are not known by then, a slow STUN server's, are left out.
const GATHERING_TIMEOUT: Duration = Duration::from_secs(2);
/// Attempts at a port of the range when another program turns out to hold one.
const MAX_ATTEMPTS: usize = 5;
/// Lowest bit rate, b/s.
const MIN_BITRATE: u32 = 60_000;

/// The transport on the `webrtc` crate.
pub struct WebRtc {
    settings: Settings,
    ports: Arc<Ports>,
}

impl WebRtc {
    /// A transport. Sockets are bound only for offers.
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
    ) -> Result<Answer, Error> {
        let offer = Offer::read(offer, direction)?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.attempt(&offer, direction, events.clone()).await {
                Err(Error::NoPort) if attempts < MAX_ATTEMPTS && self.settings.udp_ports.is_some() => {}
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
    ) -> Result<Answer, Error> {
        let addresses = network::addresses(&self.settings.addresses);
        let port = self.ports.take(&addresses)?;
        let shared = Arc::new(Shared::new(events));
        // Everything that runs from here on ends with the guard.
        let guard = AbortGuard(shared.clone());
        let (gathered, mut gathering) = watch::channel(false);
        let (ssrcs, first_sequence) = random_numbers();
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
            addresses: addresses.iter().map(|address| SocketAddr::new(*address, port.number())).collect(),
            ice_servers: &self.settings.ice_servers,
            handler: Arc::new(Handler::new(&shared, gathered)),
            transmit: Transmit::new(transmitter, ssrcs.pictures, outlook),
            feedback: FeedbackReader::new(ssrcs.pictures, keyframe_requested.clone()),
            tasks: shared.library_tasks.clone(),
            wall: shared.wall.clone(),
        };
        // What can fail here is binding.
        let connection = setup.build().await.map_err(|error| {
            tracing::warn!(%error, port = port.number(), "no socket for media");
            Error::NoPort
        })?;
        let track = tracks::add_video(&connection, offer, direction, ssrcs).await.map_err(setup_error)?;
        let remote = RTCSessionDescription::offer(offer.reduced.clone()).map_err(offer_error)?;
        connection.set_remote_description(remote).await.map_err(offer_error)?;
        // A client that is not behind a firewall of ours reaches us: its checks tell where it is. Only where these may not
        // come through, or where the client sends none, are there checks to what the offer names.
        let checks = offer.ice_lite || !self.settings.ice_servers.is_empty();
        if checks {
            shared.wall.limits().addresses.speculate(offer.bytes);
            for candidate in &offer.candidates {
                add_candidate(&connection, candidate).await?;
            }
        }
        let local = connection.create_answer(None).await.map_err(setup_error)?;
        connection.set_local_description(local).await.map_err(setup_error)?;
        if timeout(GATHERING_TIMEOUT, gathering.wait_for(|gathered| *gathered)).await.is_err() {
            tracing::warn!("not all candidates were gathered in time; is a STUN or TURN server unreachable?");
        }
        let local = connection.local_description().await.ok_or(Error::NoCodec)?;
        let sdp = offer.answer(&local.sdp).ok_or(Error::NoCodec)?;
        let fragment = local.sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:"));
        shared.wall.limits().addresses.answered(fragment.unwrap_or_default().trim());

        if direction.receives() {
            let source = RemoteTrack::new(incoming, received, track.clone());
            let (wanted, events, counters) =
                (shared.keyframe_wanted.clone(), shared.events.clone(), shared.counters.clone());
            shared.spawn(receiver::run(source, codec, wanted, events, counters));
        }
        if let Some(track) = track {
            let stream = RtpStream::new(codec, offer.video.payload_type, ssrcs.pictures, first_sequence);
            let (frames, counters) = (shared.frames.clone(), shared.counters.clone());
            let outlook = seen_outlook.clone();
            shared.spawn(sender::run(frames, track, stream, outlook, shared.events.clone(), counters));
            let (events, counters) = (shared.events.clone(), shared.counters.clone());
            shared.spawn(feedback::run(keyframe_requested, seen_outlook, events, counters));
        }
        closing::watch_library(&shared);
        shared.spawn(closing::watch_encryption(connection.clone(), Arc::downgrade(&shared)));
        let peer = Arc::new(Connection::new(connection, guard, port, Candidates::new(checks, offer.candidates.len())));
        Ok(Answer { sdp, peer, codec })
    }
}

/// SSRCs that are not zero and differ, and the first sequence number.
fn random_numbers() -> (Ssrcs, u16) {
    // The keys of the standard library's hasher are random, which is all that these numbers have to be.
    let random = RandomState::new().hash_one(0u8);
    let (pictures, retransmissions) = (random as u32 | 1, (random >> 32) as u32 & !1 | 2);
    (Ssrcs { pictures, retransmissions }, (retransmissions >> 16) as u16)
}

/// An error of the library that the offer caused.
fn offer_error(error: webrtc::error::Error) -> Error {
    Error::Offer(error.to_string())
}

/// An error of the library that the offer has no part in.
fn setup_error(error: webrtc::error::Error) -> Error {
    Error::Setup(Box::new(error))
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

//! One connection: what the library tells about it, and what it can be told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use framebox_media::EncodedFrame;
use rtc::peer_connection::transport::RTCDtlsTransportState;
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use webrtc::data_channel::DataChannel;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionEventHandler, RTCIceCandidateInit, RTCIceGatheringState, RTCPeerConnectionState,
};

use super::channel::{self, Messages};
use super::ports::Port;
use super::receiving;
use super::runtime::Tasks;
use super::sending::Frames;
use super::stats::{Counters, add};
use super::{Candidate, ConnectionEvents, Error, Peer, State, Stats, candidate};

/// Time for a farewell.
const FAREWELL: Duration = Duration::from_secs(1);
/// Between two looks for the peer's farewell.
const GLANCE: Duration = Duration::from_millis(250);
/// Data channels of one peer beyond which it is up to no good.
const MOST_CHANNELS: usize = 16;

/// What the tasks of a connection share.
pub struct Shared {
    /// Is told what happens.
    pub events: Arc<dyn ConnectionEvents>,
    /// Frames on their way out.
    pub frames: Arc<Frames>,
    /// Messages on their way out.
    pub messages: Arc<Messages>,
    /// A keyframe is wanted from the peer.
    pub keyframe: Arc<Notify>,
    /// What went through.
    pub counters: Arc<Counters>,
    /// The library's tasks.
    pub tasks: Arc<Tasks>,
    state: Mutex<Option<State>>,
    own: Mutex<JoinSet<()>>,
}

impl Shared {
    /// A connection that is about to be made.
    pub fn new(events: Arc<dyn ConnectionEvents>) -> Self {
        Self {
            events,
            frames: Arc::default(),
            messages: Arc::default(),
            keyframe: Arc::default(),
            counters: Arc::default(),
            tasks: Arc::default(),
            state: Mutex::default(),
            own: Mutex::default(),
        }
    }

    /// Runs a task for as long as the connection lasts.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        while own.try_join_next().is_some() {}
        own.spawn(task)
    }

    /// Tells a change of state, once; nothing follows an end.
    pub fn enter(&self, state: State) {
        {
            let mut current = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if *current == Some(state) || matches!(*current, Some(State::Failed | State::Closed)) {
                return;
            }
            *current = Some(state);
        }
        match state {
            State::Connected => self.frames.open(),
            State::Failed | State::Closed => self.frames.shut(),
            State::Connecting | State::Disconnected => {}
        }
        self.events.state(state);
        if state == State::Connected {
            // What was encoded before anyone could see it is lost.
            self.events.keyframe_wanted();
        }
    }

    /// Ends every task.
    pub fn abort(&self) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
        self.tasks.abort();
    }

    fn is_over(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*state, Some(State::Failed | State::Closed))
    }
}

/// Ends every task of a connection when it is dropped.
pub struct Guard(pub Arc<Shared>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Hears the library.
pub struct Events {
    shared: Weak<Shared>,
    gathered: watch::Sender<bool>,
    channels: AtomicUsize,
}

impl Events {
    /// Hears about the connection `shared`. Weakly: the library keeps this for as long as its task runs.
    pub fn new(shared: &Arc<Shared>, gathered: watch::Sender<bool>) -> Self {
        Self { shared: Arc::downgrade(shared), gathered, channels: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl PeerConnectionEventHandler for Events {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.send_replace(true);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let Some(shared) = self.shared.upgrade() else { return };
        shared.enter(match state {
            RTCPeerConnectionState::Connecting => State::Connecting,
            RTCPeerConnectionState::Connected => State::Connected,
            RTCPeerConnectionState::Disconnected => State::Disconnected,
            RTCPeerConnectionState::Failed => State::Failed,
            RTCPeerConnectionState::Closed => State::Closed,
            _ => return,
        });
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let Some(shared) = self.shared.upgrade() else { return };
        match self.channels.fetch_add(1, Ordering::Relaxed) {
            0 => {
                let (messages, events) = (shared.messages.clone(), shared.events.clone());
                shared.spawn(channel::serve(channel, messages, events, shared.counters.clone()));
            }
            1..MOST_CHANNELS => {
                // One is enough. Closing another one here, on the library's own task, would wait for itself.
                shared.spawn(async move {
                    let _ = timeout(FAREWELL, channel.close()).await;
                });
            }
            _ => {
                shared.enter(State::Failed);
                shared.tasks.abort();
            }
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let Some(shared) = self.shared.upgrade() else { return };
        let (keyframe, events) = (shared.keyframe.clone(), shared.events.clone());
        shared.spawn(receiving::receive(track, keyframe, events, shared.counters.clone()));
    }
}

/// The peer's farewell ends the encryption, which the library does not report as a change of the connection's state.
pub async fn watch_farewell(connection: Arc<dyn PeerConnection>, shared: Weak<Shared>) {
    loop {
        sleep(GLANCE).await;
        if is_closed(&connection).await.unwrap_or(false) {
            if let Some(shared) = shared.upgrade() {
                shared.enter(State::Closed);
            }
            return;
        }
    }
}

async fn is_closed(connection: &Arc<dyn PeerConnection>) -> webrtc::error::Result<bool> {
    let mut transport = None;
    for sender in connection.get_senders().await {
        transport = sender.transport().await?;
    }
    for receiver in connection.get_receivers().await {
        transport = receiver.transport().await?.or(transport);
    }
    match transport {
        Some(transport) => Ok(transport.state().await? == RTCDtlsTransportState::Closed),
        None => Ok(false),
    }
}

/// A connection that was answered.
pub struct Link {
    connection: Arc<dyn PeerConnection>,
    candidates: AtomicUsize,
    shared: Arc<Shared>,
    _guard: Guard,
    _port: Port,
}

impl Link {
    /// Puts together what was set up; `candidates` is how many of the peer's candidates are in use.
    pub fn new(connection: Arc<dyn PeerConnection>, guard: Guard, port: Port, candidates: usize) -> Self {
        let shared = guard.0.clone();
        Self { connection, candidates: AtomicUsize::new(candidates), shared, _guard: guard, _port: port }
    }
}

#[async_trait]
impl Peer for Link {
    async fn add_candidate(&self, candidate: Candidate) -> Result<(), Error> {
        let usable = candidate::usable(&candidate.candidate)?;
        if self.shared.is_over() {
            return Err(Error::Closed);
        }
        let Some(usable) = usable else { return Ok(()) };
        if self.candidates.fetch_add(1, Ordering::Relaxed) >= candidate::MOST {
            return Err(Error::Candidate(format!("there are {} already", candidate::MOST)));
        }
        add_candidate(&self.connection, usable).await
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
        self.shared.keyframe.notify_one();
    }

    fn stats(&self) -> Stats {
        Stats { frames_dropped: self.shared.frames.dropped(), ..self.shared.counters.read() }
    }

    async fn close(&self) {
        // Told first: what the library reports while it closes is no news.
        self.shared.enter(State::Closed);
        if timeout(FAREWELL, self.connection.close()).await.is_err() {
            tracing::debug!("a connection took too long to close; it is dropped");
        }
        self.shared.abort();
    }
}

/// Hands a candidate to the library.
///
/// # Errors
/// [`Error::Candidate`] when the library does not understand it after all.
pub async fn add_candidate(connection: &Arc<dyn PeerConnection>, usable: &str) -> Result<(), Error> {
    let candidate = RTCIceCandidateInit { candidate: usable.to_owned(), ..RTCIceCandidateInit::default() };
    connection.add_ice_candidate(candidate).await.map_err(|error| Error::Candidate(error.to_string()))
}

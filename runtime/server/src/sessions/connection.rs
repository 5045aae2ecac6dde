//! Connects a peer with the pipeline of its session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_pipeline::{Connections, Needs};
use framebox_rtc::{ConnectionEvents, Peer, State};
use framebox_sandbox::MemoryAccount;
use framebox_worker::{RunningSession, StartError};

use super::control::Control;
use super::egress::Egress;
use super::ends::Ends;
use super::ingress::Ingress;
use super::lifecycle::Lifecycle;

/// Ingress, egress and control of one session. It is made first, then [connected](Connection::connect) with both ends.
pub struct Connection {
    ends: Arc<Ends>,
    ingress: Arc<Ingress>,
    egress: Arc<Egress>,
    control: Arc<Control>,
}

impl Connection {
    /// A connection of a session with a peer at both ends. What waits in it is charged to `account`. The session is over when
    /// its peer is disconnected for `disconnect_timeout`.
    pub fn new(account: &MemoryAccount, disconnect_timeout: Duration) -> Self {
        Self::with(account, Lifecycle::new(Instant::now(), disconnect_timeout))
    }

    /// A connection of a session of a stream: its input comes and goes, and viewers attach themselves.
    pub fn without_peer(account: &MemoryAccount) -> Self {
        Self::with(account, Lifecycle::without_peer(Instant::now()))
    }

    fn with(account: &MemoryAccount, life: Lifecycle) -> Self {
        let ends = Arc::<Ends>::default();
        Self {
            ingress: Arc::new(Ingress::new(ends.clone())),
            egress: Arc::new(Egress::new(ends.clone())),
            control: Arc::new(Control::new(ends.clone(), account, life)),
            ends,
        }
    }

    /// Connects the pipeline, and the peer if it is at both ends.
    pub fn connect(&self, peer: Option<&Arc<dyn Peer>>, session: &Arc<RunningSession>) {
        self.ends.set_session(session);
        if let Some(peer) = peer {
            self.ends.set_peer(peer);
        }
    }

    /// The peer that publishes from now on, in place of the one before.
    pub fn publisher(&self, peer: &Arc<dyn Peer>) {
        self.ends.set_peer(peer);
    }

    /// What the peer can receive, as it was negotiated.
    pub fn set_needs(&self, needs: Needs) {
        self.egress.set_needs(needs);
    }

    /// What the peer can receive, once it was negotiated.
    pub fn needs(&self) -> Option<Needs> {
        self.egress.needs()
    }

    /// Starts the pipeline of `session`, to be called once its peer, if it has one, is connected.
    ///
    /// # Errors
    /// Why it was not started.
    pub async fn start(&self, session: &RunningSession) -> Result<(), StartError> {
        session.start().await?;
        if self.ends.peer().is_some() {
            self.egress.attach(session);
        }
        session.begin();
        Ok(())
    }

    /// The way of the publisher's frames.
    pub fn ingress(&self) -> &Arc<Ingress> {
        &self.ingress
    }

    /// What the pipeline is connected to.
    pub fn of_session(&self) -> Connections {
        Connections { upstream: self.ingress.clone(), events: self.control.clone() }
    }

    /// Returns the control of the session.
    pub fn control(&self) -> &Arc<Control> {
        &self.control
    }
}

impl ConnectionEvents for Connection {
    fn state(&self, state: State) {
        self.control.peer_state(state);
    }

    fn frame(&self, frame: EncodedFrame) {
        self.ingress.frame(frame);
    }

    fn keyframe_wanted(&self) {
        self.egress.keyframe_wanted();
    }

    fn bitrate(&self, bits_per_second: u32) {
        self.egress.bitrate(bits_per_second);
    }

    fn blocked(&self, blocked: bool) {
        self.egress.blocked(blocked);
    }

    fn channel_open(&self) {
        self.control.channel_open();
    }

    fn message(&self, text: String) {
        self.control.message(&text);
    }

    fn sent(&self, rtp_timestamp: u32, first_packet: Instant) {
        self.egress.sent(rtp_timestamp, first_packet);
    }
}

#[cfg(test)]
mod tests;

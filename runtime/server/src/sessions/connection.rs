//! Connects a peer with the pipeline of its session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_pipeline::Connections;
use framebox_rtc::{ConnectionEvents, Peer, State};
use framebox_sandbox::MemoryAccount;
use framebox_worker::{RunningSession, StartError};

use super::control::Control;
use super::egress::Egress;
use super::ends::Ends;
use super::ingress::Ingress;

/// Ingress, egress and control of one session. It is made first, then [connected](Connection::connect) with both ends.
pub struct Connection {
    ends: Arc<Ends>,
    ingress: Arc<Ingress>,
    egress: Arc<Egress>,
    control: Arc<Control>,
}

impl Connection {
    /// A connection without ends. What waits in it is charged to `account`. Its session is over when its peer is disconnected for
    /// `disconnect_timeout`.
    pub fn new(account: &MemoryAccount, disconnect_timeout: Duration) -> Self {
        let ends = Arc::<Ends>::default();
        Self {
            ingress: Arc::new(Ingress::new(ends.clone())),
            egress: Arc::new(Egress::new(ends.clone())),
            control: Arc::new(Control::new(ends.clone(), account, disconnect_timeout)),
            ends,
        }
    }

    /// Connects both ends.
    pub fn connect(&self, peer: &Arc<dyn Peer>, session: &Arc<RunningSession>) {
        self.ends.set(peer, session);
    }

    /// Starts the pipeline of `session`, to be called once its peer is connected.
    ///
    /// # Errors
    /// Why it was not started.
    pub async fn start(&self, session: &RunningSession) -> Result<(), StartError> {
        session.start().await?;
        self.egress.attach(session);
        session.begin();
        Ok(())
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

//! Connects a peer with the pipeline of its session.

use std::sync::Arc;
use std::time::Instant;

use framebox_media::EncodedFrame;
use framebox_pipeline::{Connections, Session};
use framebox_rtc::{ConnectionEvents, Peer, State};
use framebox_sandbox::MemoryAccount;

use super::control::Control;
use super::egress::Egress;
use super::ends::Ends;
use super::ingress::Ingress;
use super::lifecycle::Phase;

/// Ingress, egress and control of one session. It is made first, then [connected](Connection::connect) with both ends.
pub struct Connection {
    ends: Arc<Ends>,
    ingress: Arc<Ingress>,
    egress: Arc<Egress>,
    control: Arc<Control>,
}

impl Connection {
    /// A connection without ends. What waits in it is charged to `account`.
    pub fn new(account: &MemoryAccount) -> Self {
        let ends = Arc::<Ends>::default();
        Self {
            ingress: Arc::new(Ingress::new(ends.clone())),
            egress: Arc::new(Egress::new(ends.clone())),
            control: Arc::new(Control::new(ends.clone(), account)),
            ends,
        }
    }

    /// Connects both ends.
    pub fn connect(&self, peer: &Arc<dyn Peer>, session: &Arc<Session>) {
        self.ends.set(peer, session);
        self.egress.attach(session);
        // The peer may have been quicker.
        if self.control.watch().borrow().life.phase() == Phase::Live {
            session.begin();
        }
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
        // First the state, then the pipeline: whichever comes second, this or `connect`, begins it.
        self.control.peer_state(state);
        if state == State::Connected
            && let Some(session) = self.ends.session()
        {
            session.begin();
        }
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

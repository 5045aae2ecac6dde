//! Messages from the client.

use super::Control;
use crate::protocol::{self, Message, Request};

impl Control {
    /// The data channel is open.
    pub(in crate::sessions) fn channel_open(&self) {
        self.channel.open();
        self.watched.send_modify(|watched| watched.open = true);
    }

    /// A message arrived on the data channel.
    pub(in crate::sessions) fn message(&self, text: &str) {
        match protocol::parse(text) {
            Some(Request::Handshake) => {
                self.send(&Message::handshake());
                let first = self.channel.speaks_fastrtc();
                if first && self.ends.session().is_some_and(|session| !session.parameters().is_empty()) {
                    self.send(&Message::send_input());
                }
            }
            Some(Request::SetParameters { parameters, request }) => self.set_parameters(&parameters, request),
            Some(Request::SetPolicy { change, request }) => self.change_policy(change, request),
            Some(Request::Subscribe(wanted)) => self.watched.send_modify(|watched| {
                watched.wanted = Some(wanted);
                watched.introductions += 1;
            }),
            None => {}
        }
    }
}

//! The data channel: text messages both ways.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent};

use crate::ConnectionEvents;
use crate::stats::{Counters, add};

/// Longest message that can be sent, bytes.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;
/// What the library queues for the channel, bytes.
pub const SEND_BUFFER: usize = 256 * 1024;
/// Messages that wait to be sent.
const MAX_MESSAGES: usize = 64;

/// The messages that wait to be sent.
#[derive(Default)]
pub struct Messages {
    /// `None` while the channel is not open.
    queue: Mutex<Option<mpsc::Sender<String>>>,
}

impl Messages {
    /// Adds a message. Returns whether there was room for it.
    pub fn push(&self, text: String) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        text.len() <= MAX_MESSAGE_BYTES && queue.as_ref().is_some_and(|queue| queue.try_send(text).is_ok())
    }

    fn set(&self, queue: Option<mpsc::Sender<String>>) {
        *self.queue.lock().unwrap_or_else(PoisonError::into_inner) = queue;
    }
}

/// Receives and sends messages until the channel is closed.
pub async fn serve(
    channel: Arc<dyn DataChannel>,
    messages: Arc<Messages>,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    let (queue, waiting) = mpsc::channel(MAX_MESSAGES);
    let mut queue = Some(queue);
    // Both in one task: sending ends when reading does.
    tokio::select! {
        () = read(&channel, &messages, &mut queue, events.as_ref()) => {}
        () = write(&channel, waiting, &counters) => {}
    }
    messages.set(None);
}

async fn read(
    channel: &Arc<dyn DataChannel>,
    messages: &Messages,
    queue: &mut Option<mpsc::Sender<String>>,
    events: &dyn ConnectionEvents,
) {
    while let Some(event) = channel.poll().await {
        match event {
            DataChannelEvent::OnOpen => {
                if let Some(queue) = queue.take() {
                    messages.set(Some(queue));
                    events.channel_open();
                }
            }
            DataChannelEvent::OnMessage(message) if message.is_string => {
                if let Ok(text) = String::from_utf8(message.data.into()) {
                    events.message(text);
                }
            }
            DataChannelEvent::OnClose => return,
            _ => {}
        }
    }
}

async fn write(channel: &Arc<dyn DataChannel>, mut waiting: mpsc::Receiver<String>, counters: &Counters) {
    while let Some(text) = waiting.recv().await {
        // Waits while the peer does not acknowledge what was sent before.
        if let Err(error) = channel.send_text(&text).await {
            tracing::debug!(%error, "a message could not be sent");
            add(&counters.messages_dropped, 1);
        }
    }
}

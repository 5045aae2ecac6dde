//! The data channel: text both ways.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent};

use super::ConnectionEvents;
use super::setup::LONGEST_MESSAGE;
use super::stats::{Counters, add};

/// Messages that wait to be sent.
const ROOM: usize = 64;

/// Messages on their way out.
#[derive(Default)]
pub struct Messages {
    queue: Mutex<Option<mpsc::Sender<String>>>,
}

impl Messages {
    /// Queues a message; returns whether it found room.
    pub fn push(&self, text: String) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        text.len() <= LONGEST_MESSAGE && queue.as_ref().is_some_and(|queue| queue.try_send(text).is_ok())
    }

    fn set(&self, queue: Option<mpsc::Sender<String>>) {
        *self.queue.lock().unwrap_or_else(PoisonError::into_inner) = queue;
    }
}

/// Serves the channel until it is closed.
pub async fn serve(
    channel: Arc<dyn DataChannel>,
    messages: Arc<Messages>,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    let (queue, waiting) = mpsc::channel(ROOM);
    let mut queue = Some(queue);
    // Both in one task: when the reading ends, the sending does.
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
        // Waits while the peer does not take what was sent before.
        if let Err(error) = channel.send_text(&text).await {
            tracing::debug!(%error, "a message could not be sent");
            add(&counters.messages_dropped, 1);
        }
    }
}

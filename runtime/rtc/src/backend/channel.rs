//! The data channel: text messages both ways.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
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
/// Text of the messages that wait to be sent, bytes.
const MAX_WAITING_BYTES: usize = 1024 * 1024;

/// The messages that wait to be sent.
#[derive(Default)]
pub struct Messages {
    /// `None` while the channel is not open.
    queue: Mutex<Option<mpsc::Sender<String>>>,
    /// Text in the queue, bytes.
    waiting: AtomicUsize,
    /// A channel is or was open.
    was_open: AtomicBool,
}

impl Messages {
    /// Adds a message. Returns whether there was room for it.
    pub fn push(&self, text: String) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queue) = queue.as_ref().filter(|_| text.len() <= MAX_MESSAGE_BYTES) else { return false };
        let bytes = text.len();
        // Only this function adds to it, under the lock.
        if self.waiting.load(Relaxed) + bytes > MAX_WAITING_BYTES {
            return false;
        }
        self.waiting.fetch_add(bytes, Relaxed);
        let sent = queue.try_send(text).is_ok();
        if !sent {
            self.taken(bytes);
        }
        sent
    }

    fn taken(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Relaxed);
    }

    /// Returns whether a channel is or was open.
    pub fn was_open(&self) -> bool {
        self.was_open.load(Relaxed)
    }

    fn set(&self, queue: Option<mpsc::Sender<String>>) {
        self.was_open.fetch_or(queue.is_some(), Relaxed);
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
        () = write(&channel, waiting, &messages, &counters) => {}
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

async fn write(
    channel: &Arc<dyn DataChannel>,
    mut waiting: mpsc::Receiver<String>,
    messages: &Messages,
    counters: &Counters,
) {
    while let Some(text) = waiting.recv().await {
        messages.taken(text.len());
        // Waits while the peer does not acknowledge what was sent before.
        if let Err(error) = channel.send_text(&text).await {
            tracing::debug!(%error, "a message could not be sent");
            add(&counters.messages_dropped, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_that_wait_are_bounded_in_number_and_in_bytes() {
        let messages = Messages::default();
        assert!(!messages.push("early".into()), "the channel is not open");
        let (queue, mut waiting) = mpsc::channel(MAX_MESSAGES);
        messages.set(Some(queue));
        let large = || "x".repeat(MAX_MESSAGE_BYTES);
        assert!(!messages.push(large() + "x"));
        assert_eq!((0..MAX_MESSAGES).filter(|_| messages.push(large())).count(), MAX_WAITING_BYTES / MAX_MESSAGE_BYTES);
        messages.taken(waiting.recv().await.unwrap().len());
        assert!(messages.push(large()), "what was sent makes room");
        while let Ok(text) = waiting.try_recv() {
            messages.taken(text.len());
        }
        assert_eq!((0..1000).filter(|_| messages.push("short".into())).count(), MAX_MESSAGES);
    }
}

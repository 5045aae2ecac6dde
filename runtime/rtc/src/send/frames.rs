//! The send queue, shared between the pipeline and the sender.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use framebox_media::EncodedFrame;
use tokio::sync::Notify;

use super::queue::SendQueue;

/// The [`SendQueue`] of a connection.
#[derive(Default)]
pub struct Frames {
    queue: Mutex<SendQueue>,
    arrived: Notify,
}

impl Frames {
    /// Lets frames in; the first one has to be a keyframe.
    pub fn open(&self) {
        self.with(SendQueue::open);
    }

    /// Drops the frames that wait, and lets none in.
    pub fn close(&self) {
        self.with(SendQueue::close);
    }

    /// Adds a frame. Returns whether a keyframe has to be asked for.
    #[must_use]
    pub fn push(&self, frame: EncodedFrame) -> bool {
        let ask = self.with(|queue| queue.push(Instant::now(), frame));
        self.arrived.notify_one();
        ask
    }

    /// Waits for the frame to send next.
    pub async fn next(&self) -> EncodedFrame {
        loop {
            if let Some(frame) = self.with(SendQueue::pop) {
                return frame;
            }
            self.arrived.notified().await;
        }
    }

    /// Number of frames that were dropped.
    pub fn dropped(&self) -> u64 {
        self.with(|queue| queue.dropped())
    }

    fn with<T>(&self, change: impl FnOnce(&mut SendQueue) -> T) -> T {
        change(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

//! The queue between the input and the decode thread.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use framebox_media::EncodedFrame;

/// Encoded frames that may wait for the decoder, about a second of video. When more come, they are dropped up to the next
/// keyframe.
const QUEUE: usize = 32;

/// The sending end of a bounded queue of encoded frames.
#[derive(Debug)]
pub(crate) struct Intake {
    /// None: no frame is taken.
    frames: Option<SyncSender<EncodedFrame>>,
    /// The decoder cannot go on before one: at the start, and after frames were dropped.
    awaits_keyframe: bool,
}

impl Intake {
    /// A queue, and its receiving end.
    pub(crate) fn new() -> (Self, Receiver<EncodedFrame>) {
        let (sender, receiver) = sync_channel(QUEUE);
        (Self { frames: Some(sender), awaits_keyframe: true }, receiver)
    }

    /// Takes no frame: that of a generator.
    pub(crate) fn closed() -> Self {
        Self { frames: None, awaits_keyframe: false }
    }

    /// Queues a frame. False when it had to be dropped: then nothing is queued before the next keyframe.
    pub(crate) fn push(&mut self, frame: EncodedFrame) -> bool {
        let Some(frames) = &self.frames else { return true };
        if self.awaits_keyframe && !frame.keyframe {
            return false;
        }
        self.awaits_keyframe = matches!(frames.try_send(frame), Err(TrySendError::Full(_)));
        !self.awaits_keyframe
    }

    /// Ends the queue; what waits can still be received.
    pub(crate) fn close(&mut self) {
        self.frames = None;
    }
}

//! The queue between the input and the decode thread.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

use framebox_media::EncodedFrame;
use framebox_sandbox::{Charge, MemoryAccount};

/// Encoded frames that may wait for the decoder, about a second of video. When more come, they are dropped up to the next
/// keyframe.
const QUEUE: usize = 32;

/// An encoded frame that waits for the decoder, with its memory.
pub(crate) struct Waiting {
    pub(crate) frame: EncodedFrame,
    pub(crate) charge: Charge,
    /// When it came: later than its packets, where these waited for others on their way.
    pub(crate) since: Instant,
}

/// The sending end of a bounded queue of encoded frames.
#[derive(Debug)]
pub(crate) struct Intake {
    /// None: no frame is taken.
    frames: Option<SyncSender<Waiting>>,
    account: MemoryAccount,
    /// The decoder cannot go on before one: at the start, and after frames were dropped.
    awaits_keyframe: bool,
}

impl Intake {
    /// A queue, and its receiving end. What waits is charged to `account`.
    pub(crate) fn new(account: &MemoryAccount) -> (Self, Receiver<Waiting>) {
        let (sender, receiver) = sync_channel(QUEUE);
        (Self { frames: Some(sender), account: account.clone(), awaits_keyframe: true }, receiver)
    }

    /// Takes no frame: that of a generator.
    pub(crate) fn closed(account: &MemoryAccount) -> Self {
        Self { frames: None, account: account.clone(), awaits_keyframe: false }
    }

    /// Queues a frame. False when it had to be dropped: then nothing is queued before the next keyframe.
    pub(crate) fn push(&mut self, frame: EncodedFrame) -> bool {
        let Some(frames) = &self.frames else { return true };
        if self.awaits_keyframe && !frame.keyframe {
            return false;
        }
        self.awaits_keyframe = match self.account.charge(frame.data.len()) {
            Ok(charge) => {
                let waiting = Waiting { frame, charge, since: Instant::now() };
                matches!(frames.try_send(waiting), Err(TrySendError::Full(_)))
            }
            Err(_) => true,
        };
        !self.awaits_keyframe
    }

    /// Ends the queue; what waits can still be received.
    pub(crate) fn close(&mut self) {
        self.frames = None;
    }
}

#[cfg(test)]
mod tests {
    use framebox_media::Codec;

    use super::*;

    fn frame(keyframe: bool, bytes: usize) -> EncodedFrame {
        let (codec, data) = (Codec::H264, vec![0; bytes].into());
        EncodedFrame { codec, data, keyframe, rtp_timestamp: 0, captured: Instant::now() }
    }

    #[test]
    fn frames_beyond_the_queue_or_the_sessions_memory_are_dropped_up_to_the_next_keyframe() {
        let account = MemoryAccount::new(1000);
        let (mut intake, frames) = Intake::new(&account);
        assert!(!intake.push(frame(false, 1)), "it begins with a keyframe");
        assert!(intake.push(frame(true, 600)));
        assert!(!intake.push(frame(false, 500)));
        assert!(!intake.push(frame(false, 1)), "what follows refers to the lost one");
        assert!(intake.push(frame(true, 400)));
        assert_eq!(account.used(), 1000);
        drop(frames.recv());
        assert_eq!(account.used(), 400);
        assert!(intake.push(frame(true, 1)));
        assert!((0..QUEUE).any(|_| !intake.push(frame(true, 1))));
        drop((intake, frames));
        assert_eq!(account.used(), 0);
    }
}

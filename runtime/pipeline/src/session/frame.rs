//! Frames on their way through a session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_picture::{Picture, Size};

/// The times of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameMetadata {
    /// RTP timestamp, 90 kHz, wrapping.
    pub(crate) rtp_timestamp: u32,
    /// Presentation time.
    pub(crate) pts: Duration,
    /// When it came in, or was due.
    pub(crate) captured: Instant,
    /// How long decoding took; none for a generator's frame.
    pub(crate) decode: Option<Duration>,
}

/// A frame from the camera.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) metadata: FrameMetadata,
    /// Size of the camera's picture.
    pub(crate) size: Size,
    /// A copy of the picture: at the camera's size where it may be passed through, otherwise at the size that the handler
    /// gets. None for a frame that the gate refused before it was copied.
    pub(crate) picture: Option<Arc<Picture>>,
}

impl Frame {
    /// The picture at the camera's size, if there is one.
    pub(crate) fn native(&self) -> Option<&Arc<Picture>> {
        self.picture.as_ref().filter(|picture| picture.size() == self.size)
    }
}

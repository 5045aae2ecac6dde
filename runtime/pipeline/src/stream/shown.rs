//! Pictures on their way to the viewers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_picture::Picture;

/// A picture on its way to the viewers, with the times of its frame.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The pixels, shared with whoever else holds them.
    pub picture: Arc<Picture>,
    /// Number of the frame.
    pub sequence: u64,
    /// Presentation time.
    pub pts: Duration,
    /// RTP timestamp, 90 kHz, wrapping.
    pub rtp_timestamp: u32,
    /// When its frame came in, or was due.
    pub captured: Instant,
    /// A result of the handler. Any other picture is passed through at the size of the results.
    pub processed: bool,
}

//! What went through a connection.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the connection began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// RTP packets of the peer's video that arrived, retransmissions included.
    pub packets_received: u64,
    /// Their payload, bytes.
    pub bytes_received: u64,
    /// Complete pictures that came of them.
    pub frames_received: u64,
    /// Times that the peer was asked for a keyframe.
    pub keyframes_requested: u64,
    /// RTP packets sent, without retransmissions.
    pub packets_sent: u64,
    /// Their payload, bytes.
    pub bytes_sent: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Frames given to be sent, but not sent.
    pub frames_dropped: u64,
    /// Messages given to be sent, but not sent.
    pub messages_dropped: u64,
    /// Bit rate that the path carries, b/s.
    pub bitrate: u64,
}

macro_rules! counters {
    ($($name:ident),*) => {
        /// [`Stats`] as they are counted.
        #[derive(Debug, Default)]
        pub struct Counters {
            $(pub $name: AtomicU64),*
        }

        impl Counters {
            /// The counts of this moment.
            pub fn read(&self) -> Stats {
                Stats { $($name: self.$name.load(Ordering::Relaxed)),* }
            }
        }
    };
}

counters!(
    packets_received,
    bytes_received,
    frames_received,
    keyframes_requested,
    packets_sent,
    bytes_sent,
    frames_sent,
    frames_dropped,
    messages_dropped,
    bitrate
);

/// Counts up.
pub fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}

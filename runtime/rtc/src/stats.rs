//! Counts of a connection.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the connection began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// RTP packets of the peer's video that arrived, retransmissions included.
    pub packets_received: u64,
    /// RTP packets of the peer in no format that was negotiated.
    pub packets_foreign: u64,
    /// Payload of the packets of its video, bytes.
    pub bytes_received: u64,
    /// Complete frames that were made of them.
    pub frames_received: u64,
    /// Keyframe requests sent to the peer.
    pub keyframes_requested: u64,
    /// RTP packets sent, without retransmissions.
    pub packets_sent: u64,
    /// Payload of these packets, bytes.
    pub bytes_sent: u64,
    /// Frames sent.
    pub frames_sent: u64,
    /// Frames to be sent that were dropped.
    pub frames_dropped: u64,
    /// Messages to be sent that were dropped.
    pub messages_dropped: u64,
    /// Bit rate that the network carries, b/s.
    pub bitrate: u64,
    /// Smoothed round trip, ms; 0 before it is known.
    pub round_trip_ms: u64,
    /// Part of the packets to the viewer that is lost, 1/1000.
    pub loss_permille: u64,
    /// Connectivity checks that arrived for this connection. None until its end: nothing of the peer's came through.
    pub checks_received: u64,
}

macro_rules! counters {
    ($($name:ident),*) => {
        /// The counters behind [`Stats`].
        #[derive(Debug, Default)]
        pub struct Counters {
            $(pub $name: AtomicU64),*
        }

        impl Counters {
            /// The current counts.
            pub fn read(&self) -> Stats {
                Stats { $($name: self.$name.load(Ordering::Relaxed),)* ..Stats::default() }
            }
        }
    };
}

counters!(
    packets_received,
    packets_foreign,
    bytes_received,
    frames_received,
    keyframes_requested,
    packets_sent,
    bytes_sent,
    frames_sent,
    frames_dropped,
    messages_dropped,
    bitrate,
    round_trip_ms,
    loss_permille
);

/// Adds to a counter.
pub fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Ordering::Relaxed);
}

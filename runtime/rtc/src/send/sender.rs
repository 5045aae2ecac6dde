//! The task that sends frames, paced.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::packet_sink::PacketSink;
use super::queue::Frames;
use super::rtp_stream::RtpStream;
use crate::ConnectionEvents;
use crate::stats::{Counters, add};

/// Packets of a frame that are sent at once; all those of a keyframe would overflow buffers on the way.
const BURST: usize = 16;
/// Pause between two bursts.
const PAUSE: Duration = Duration::from_millis(1);
/// A connection that does not take a packet in this time is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// Sends the frames of the queue until the connection is gone.
pub async fn run(
    frames: Arc<Frames>,
    sink: impl PacketSink,
    mut stream: RtpStream,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    loop {
        let frame = frames.next().await;
        let mut first = None;
        for (index, packet) in stream.packets(&frame).into_iter().enumerate() {
            if index > 0 && index % BURST == 0 {
                sleep(PAUSE).await;
            }
            let size = packet.payload.len();
            first.get_or_insert_with(Instant::now);
            if !matches!(timeout(SEND_TIMEOUT, sink.send(packet)).await, Ok(Ok(()))) {
                tracing::debug!("a packet could not be sent: the connection is gone");
                return;
            }
            add(&counters.packets_sent, 1);
            add(&counters.bytes_sent, size);
        }
        if let Some(first) = first {
            add(&counters.frames_sent, 1);
            events.sent(frame.rtp_timestamp, first);
        }
    }
}

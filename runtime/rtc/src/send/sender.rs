//! The task that sends frames.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use super::frames::Frames;
use super::packet_sink::PacketSink;
use super::rtp_stream::RtpStream;
use super::transmitter::Outlook;
use crate::ConnectionEvents;
use crate::stats::{Counters, add};

/// A connection that does not take a packet in this time is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// Sends the frames of the queue until the connection is gone: the next one when the path has room for it.
pub async fn run(
    frames: Arc<Frames>,
    sink: impl PacketSink,
    mut stream: RtpStream,
    mut outlook: watch::Receiver<Outlook>,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    loop {
        let frame = frames.next().await;
        framebox_failpoint::panic("send");
        let mut first = None;
        // What waits here can be replaced by a keyframe; what was handed on cannot.
        if outlook.wait_for(|outlook| !outlook.blocked).await.is_err() {
            return;
        }
        for packet in stream.packets(&frame) {
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

#[cfg(test)]
mod tests {
    use framebox_media::{Codec, EncodedFrame};
    use rtc::rtp;
    use tokio::sync::mpsc;

    use super::*;
    use crate::Error;
    use crate::recorder::{Event, Recorder};

    /// A network that takes this many packets.
    struct Sink {
        packets: mpsc::UnboundedSender<rtp::Packet>,
        capacity: u16,
    }

    impl PacketSink for Sink {
        async fn send(&self, packet: rtp::Packet) -> Result<(), Error> {
            if packet.header.sequence_number >= self.capacity {
                return Err(Error::Closed);
            }
            self.packets.send(packet).map_err(|_| Error::Closed)
        }
    }

    fn frame(keyframe: bool, rtp_timestamp: u32, size: usize) -> EncodedFrame {
        let header = if keyframe { [0, 0, 0, 1, 0x65] } else { [0, 0, 0, 1, 0x41] };
        let data = [&header[..], &vec![0xab; size]].concat().into();
        EncodedFrame { codec: Codec::H264, data, keyframe, rtp_timestamp, captured: Instant::now() }
    }

    #[tokio::test]
    async fn frames_are_sent_in_order_until_the_connection_is_gone() {
        #[expect(clippy::disallowed_methods, reason = "the library's channel has no bound; a test sends little")]
        let (packets, mut sent) = mpsc::unbounded_channel();
        let (frames, events, counters) =
            (Arc::<Frames>::default(), Arc::<Recorder>::default(), Arc::<Counters>::default());
        frames.open();
        // A keyframe of several bursts, a frame of one packet, and one whose second packet is not taken.
        for frame in [frame(true, 1, 50_000), frame(false, 2, 100), frame(false, 3, 2000)] {
            assert!(!frames.push(frame));
        }
        let capacity = 42 + 1 + 1;
        let stream = RtpStream::new(Codec::H264, 96, 7, 0);
        let (_outlook, outlook) = watch::channel(Outlook::default());
        run(frames, Sink { packets, capacity }, stream, outlook, events.clone(), counters.clone()).await;
        let sent: Vec<(u16, u32)> = std::iter::from_fn(|| sent.try_recv().ok())
            .map(|packet| (packet.header.sequence_number, packet.header.timestamp))
            .collect();
        let timestamp = |sequence| if sequence < 42 { 1 } else { u32::from(sequence) - 40 };
        assert_eq!(sent, (0..capacity).map(|sequence| (sequence, timestamp(sequence))).collect::<Vec<_>>());
        assert_eq!(events.take(), [Event::Sent(1), Event::Sent(2)]);
        let stats = counters.read();
        assert_eq!((stats.frames_sent, stats.packets_sent), (2, 44));
        assert!(stats.bytes_sent > 50_000 + 100 + 1000, "{stats:?}");
    }
}

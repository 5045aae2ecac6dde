//! The task that receives the peer's video.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_media::Codec;
use tokio::sync::Notify;
use tokio::time::{sleep_until, timeout};

use super::assembler::{Assembler, Output};
use super::keyframe_throttle::KeyframeThrottle;
use super::packet_source::{Incoming, PacketSource};
use super::smoothing::Smoothing;
use crate::ConnectionEvents;
use crate::stats::{Counters, add};

/// A keyframe request that the network does not take in this time is dropped; the next one follows.
const REQUEST_TIMEOUT: Duration = Duration::from_millis(200);

/// Receives one stream until it ends: hands its frames to `events`, and asks for keyframes when frames were lost and when
/// `keyframe_wanted` is notified.
pub async fn run(
    source: impl PacketSource,
    codec: Codec,
    keyframe_wanted: Arc<Notify>,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    let mut assembler = Assembler::with_parameters(codec, source.parameters());
    let mut throttle = KeyframeThrottle::default();
    let mut smoothing = Smoothing::default();
    let mut is_open = false;
    loop {
        let wake = [assembler.deadline(), throttle.deadline(), smoothing.deadline()].into_iter().flatten().min();
        let timer = async {
            match wake {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            incoming = source.next() => {
                is_open = true;
                match incoming {
                    Some(Incoming::Packet(packet)) => {
                        framebox_failpoint::panic("receive");
                        add(&counters.packets_received, 1);
                        add(&counters.bytes_received, packet.payload.len());
                        assembler.be_patient(source.patience());
                        assembler.push(Instant::now(), packet);
                    }
                    // What was sent before this side listened is lost.
                    Some(Incoming::Opened) => {
                        assembler = Assembler::with_parameters(codec, source.parameters());
                        throttle.request();
                    }
                    None => return,
                }
            }
            () = keyframe_wanted.notified() => throttle.request(),
            () = timer => {}
        }
        while let Some(output) = assembler.poll(Instant::now()) {
            match output {
                Output::Frame(frame) => {
                    add(&counters.frames_received, 1);
                    smoothing.push(Instant::now(), frame);
                }
                Output::KeyframeNeeded => throttle.request(),
            }
        }
        while let Some(frame) = smoothing.poll(Instant::now()) {
            events.frame(frame);
        }
        if is_open && throttle.due(Instant::now()) && source.takes_requests() {
            add(&counters.keyframes_requested, 1);
            tracing::debug!("a keyframe is asked for");
            let _ = timeout(REQUEST_TIMEOUT, source.request_keyframe()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;
    use framebox_media::EncodedFrame;
    use tokio::sync::{Mutex, mpsc};

    use super::*;
    use crate::receive::Packet;
    use crate::recorder::{Event, Recorder};

    struct Source {
        incoming: Mutex<mpsc::UnboundedReceiver<Incoming>>,
        /// Keyframe requests.
        requests: AtomicU64,
        takes_requests: bool,
    }

    impl PacketSource for &Source {
        async fn next(&self) -> Option<Incoming> {
            self.incoming.lock().await.recv().await
        }

        fn takes_requests(&self) -> bool {
            self.takes_requests
        }

        async fn request_keyframe(&self) {
            self.requests.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Receives the given packets.
    async fn receive(incoming: Vec<Incoming>) -> (Vec<Event>, u64, Arc<Counters>) {
        receive_from(incoming, true).await
    }

    async fn receive_from(incoming: Vec<Incoming>, takes_requests: bool) -> (Vec<Event>, u64, Arc<Counters>) {
        #[expect(clippy::disallowed_methods, reason = "the library's channel has no bound; a test sends little")]
        let (sender, receiver) = mpsc::unbounded_channel();
        incoming.into_iter().for_each(|incoming| sender.send(incoming).unwrap());
        drop(sender);
        let source = Source { incoming: Mutex::new(receiver), requests: AtomicU64::new(0), takes_requests };
        let (events, counters) = (Arc::<Recorder>::default(), Arc::<Counters>::default());
        run(&source, Codec::H264, Arc::default(), events.clone(), counters.clone()).await;
        (events.take(), source.requests.into_inner(), counters)
    }

    fn packet(sequence: u16, marker: bool, payload: &'static [u8]) -> Incoming {
        let timestamp = 3000 * u32::from(sequence / 2);
        Incoming::Packet(Packet { sequence, timestamp, marker, payload: Bytes::from_static(payload) })
    }

    #[tokio::test]
    async fn packets_become_frames_of_the_negotiated_codec() {
        let (events, requests, counters) = receive(vec![
            Incoming::Opened,
            packet(0, false, &[0x67, 1]),
            packet(1, true, &[0x65, 2]),
            packet(3, true, &[0x41, 4]),
            packet(2, false, &[0x41, 3]),
        ])
        .await;
        let frames: Vec<_> = events
            .iter()
            .map(|event| match event {
                Event::Frame(EncodedFrame { codec, data, keyframe, rtp_timestamp, .. }) => {
                    (*codec, data.to_vec(), *keyframe, *rtp_timestamp)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let first = (Codec::H264, vec![0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 2], true, 0);
        let second = (Codec::H264, vec![0, 0, 0, 1, 0x41, 3, 0, 0, 0, 1, 0x41, 4], false, 3000);
        assert_eq!(frames, [first, second]);
        assert_eq!(requests, 1, "what was sent before is lost");
        let stats = counters.read();
        assert_eq!((stats.packets_received, stats.bytes_received, stats.frames_received), (4, 8, 2));
        assert_eq!(stats.keyframes_requested, 1);
    }

    #[tokio::test]
    async fn nothing_is_requested_of_a_peer_that_does_not_take_it() {
        let lost = || vec![Incoming::Opened, packet(0, true, &[0x65, 2]), packet(9, true, &[0x41, 3])];
        assert_eq!(receive_from(lost(), true).await.1, 1);
        let (_, requests, counters) = receive_from(lost(), false).await;
        assert_eq!((requests, counters.read().keyframes_requested), (0, 0));
    }

    #[tokio::test]
    async fn nothing_is_requested_of_an_unknown_stream() {
        let (events, requests, counters) = receive(Vec::new()).await;
        assert_eq!((events, requests, counters.read().keyframes_requested), (vec![], 0, 0));
    }
}

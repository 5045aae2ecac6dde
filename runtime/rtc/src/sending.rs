//! Sends frames, paced, and tells what the viewer says about them.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, sleep_until, timeout};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;

use super::ConnectionEvents;
use super::bitrate::Controller;
use super::feedback::Said;
use super::outbox::Outbox;
use super::packetizer::Packetizer;
use super::requests::Requests;
use super::stats::{Counters, add};

/// Packets of a frame that go out at once; a keyframe's many would overflow buffers on the way.
const BURST: usize = 16;
/// Pause between two bursts.
const PAUSE: Duration = Duration::from_millis(1);
/// A packet that is not taken in this time is not worth waiting for: the connection hangs.
const STUCK: Duration = Duration::from_secs(1);

/// The queue of frames between the pipeline and the network.
#[derive(Default)]
pub struct Frames {
    outbox: Mutex<Outbox>,
    arrived: Notify,
}

impl Frames {
    /// Frames may go out.
    pub fn open(&self) {
        self.with(Outbox::open);
    }

    /// Frames cannot go out.
    pub fn shut(&self) {
        self.with(Outbox::shut);
    }

    /// Queues a frame; returns whether a keyframe has to be asked for.
    pub fn push(&self, frame: EncodedFrame) -> bool {
        let ask = self.with(|outbox| outbox.push(Instant::now(), frame));
        self.arrived.notify_one();
        ask
    }

    /// Frames that were not sent.
    pub fn dropped(&self) -> u64 {
        self.with(|outbox| outbox.dropped())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Outbox) -> T) -> T {
        change(&mut self.outbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn next(&self) -> EncodedFrame {
        loop {
            if let Some(frame) = self.with(Outbox::pop) {
                return frame;
            }
            self.arrived.notified().await;
        }
    }
}

/// Sends frames until the connection is gone.
pub async fn send(
    frames: Arc<Frames>,
    track: Arc<TrackLocalStaticRTP>,
    mut packetizer: Packetizer,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    loop {
        let frame = frames.next().await;
        let timestamp = frame.rtp_timestamp;
        let mut first = None;
        for (index, packet) in packetizer.packets(&frame.data, timestamp).into_iter().enumerate() {
            if index > 0 && index % BURST == 0 {
                sleep(PAUSE).await;
            }
            let size = packet.payload.len();
            first.get_or_insert_with(Instant::now);
            if !matches!(timeout(STUCK, track.write_rtp(packet)).await, Ok(Ok(()))) {
                tracing::debug!("a packet could not be sent: the connection is gone");
                return;
            }
            add(&counters.packets_sent, 1);
            add(&counters.bytes_sent, size);
        }
        if let Some(first) = first {
            add(&counters.frames_sent, 1);
            events.sent(timestamp, first);
        }
    }
}

/// Tells what the viewer says until the connection is gone. Many requests for a keyframe are one.
pub async fn listen(
    mut said: mpsc::Receiver<Said>,
    mut controller: Controller,
    events: Arc<dyn ConnectionEvents>,
    counters: Arc<Counters>,
) {
    counters.bitrate.store(controller.rate().into(), Ordering::Relaxed);
    let mut requests = Requests::default();
    loop {
        let wake = requests.deadline();
        let timer = async {
            match wake {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            said = said.recv() => match said {
                Some(Said::Keyframe) => requests.want(),
                Some(Said::Lost(lost)) => {
                    if let Some(rate) = controller.report(Instant::now(), lost) {
                        counters.bitrate.store(rate.into(), Ordering::Relaxed);
                        events.bitrate(rate);
                    }
                }
                None => return,
            },
            () = timer => {}
        }
        if requests.due(Instant::now()) {
            events.keyframe_wanted();
        }
    }
}

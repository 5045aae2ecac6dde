//! The task that receives the peer's video.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_media::Codec;
use tokio::sync::Notify;
use tokio::time::{sleep_until, timeout};

use super::assembler::{Assembler, Output};
use super::keyframe_throttle::KeyframeThrottle;
use super::packet_source::{Incoming, PacketSource};
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
    let mut assembler = Assembler::new(codec);
    let mut throttle = KeyframeThrottle::default();
    let mut is_open = false;
    // What was sent before this side listened is lost.
    throttle.request();
    loop {
        let wake = [assembler.deadline(), throttle.deadline()].into_iter().flatten().min();
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
                        add(&counters.packets_received, 1);
                        add(&counters.bytes_received, packet.payload.len());
                        assembler.push(Instant::now(), packet);
                    }
                    Some(Incoming::Opened) => {}
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
                    events.frame(frame);
                }
                Output::KeyframeNeeded => throttle.request(),
            }
        }
        if is_open && throttle.due(Instant::now()) {
            add(&counters.keyframes_requested, 1);
            let _ = timeout(REQUEST_TIMEOUT, source.request_keyframe()).await;
        }
    }
}

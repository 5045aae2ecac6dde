//! A connection that publishes into a stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_rtc::{ConnectionEvents, State};
use tokio::time::{sleep, sleep_until};

use super::link::Link;
use super::stream::Stream;
use crate::protocol::Phase;
use crate::sessions::ingress::Ingress;
use crate::sessions::watchdog::{Finding, Watchdog};

/// Frames kept until the stream's session is there, and their bytes: the first ones, a keyframe among them.
const MOST_EARLY: usize = 32;
const MOST_EARLY_BYTES: usize = 4 << 20;

/// How often a connection that begins is looked at.
const CONNECTING: Duration = Duration::from_millis(200);

/// A connection that publishes into a stream.
pub struct Publisher {
    /// The connection.
    pub link: Link,
    stream: Weak<Stream>,
    way: Mutex<Way>,
}

/// Where frames go.
enum Way {
    /// Nowhere yet.
    Early(Vec<EncodedFrame>),
    /// Into a session.
    Session(Arc<Ingress>),
}

impl Publisher {
    /// A publisher of `stream` whose offer is being answered.
    pub(super) fn new(link: Link, stream: &Arc<Stream>) -> Self {
        Self { link, stream: Arc::downgrade(stream), way: Mutex::new(Way::Early(Vec::new())) }
    }

    /// Whether it is connected, or was a moment ago.
    pub(super) fn is_live(&self) -> bool {
        self.link.phase() == Phase::Live
    }

    /// Sends its frames, those that came before among them, into a session from now on.
    pub(super) fn connect(&self, ingress: &Arc<Ingress>) {
        let before = std::mem::replace(&mut *self.way(), Way::Session(ingress.clone()));
        match before {
            Way::Early(frames) if frames.first().is_some_and(|frame| frame.keyframe) => {
                frames.into_iter().for_each(|frame| ingress.frame(frame));
            }
            _ => {
                if let Some(peer) = self.link.peer() {
                    peer.request_keyframe();
                }
            }
        }
    }

    /// Follows the connection until it is over; returns why. One that never sends anything does not keep others out.
    pub(super) async fn run(&self, stream: &Stream) -> String {
        tokio::select! {
            reason = self.link.over() => reason,
            reason = self.look(stream) => reason,
        }
    }

    async fn look(&self, stream: &Stream) -> String {
        while !self.is_live() {
            sleep(CONNECTING).await;
        }
        let mut watchdog = Watchdog::new(Instant::now());
        let mut frames = 0;
        loop {
            sleep_until(watchdog.deadline().into()).await;
            let Some(peer) = self.link.peer() else { return "the connection was closed".to_owned() };
            if !self.is_live() {
                watchdog = Watchdog::new(Instant::now());
                continue;
            }
            let stats = peer.stats();
            if stats.frames_received > frames {
                frames = stats.frames_received;
                stream.source_delivers(None);
            }
            match watchdog.look(Instant::now(), stats) {
                Finding::Nothing => {}
                Finding::Warning { code, .. } => {
                    peer.request_keyframe();
                    stream.source_delivers(Some(match code {
                        "camera-format" => "the publisher sends video in a format that was not negotiated",
                        "camera-incomplete" => "no whole frame of the publisher arrives",
                        _ => "no video of the publisher arrives",
                    }));
                }
                Finding::Over(_) if stats.packets_foreign > 0 => {
                    return "it sends video in a format that was not negotiated".to_owned();
                }
                Finding::Over(_) => return "it never sent video".to_owned(),
            }
        }
    }

    fn way(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a frame of a publisher whose session is not there yet.
fn keep(early: &mut Vec<EncodedFrame>, frame: EncodedFrame) {
    let bytes: usize = early.iter().map(|frame| frame.data.len()).sum();
    let is_full = early.len() >= MOST_EARLY || bytes + frame.data.len() > MOST_EARLY_BYTES;
    // Without their keyframe later frames are of no use.
    if frame.keyframe || is_full {
        early.clear();
    }
    if frame.keyframe || !early.is_empty() {
        early.push(frame);
    }
}

impl ConnectionEvents for Publisher {
    fn state(&self, state: State) {
        self.link.state(state);
        if let Some(stream) = self.stream.upgrade() {
            stream.publisher_changed(Instant::now());
        }
    }

    fn frame(&self, frame: EncodedFrame) {
        let ingress = match &mut *self.way() {
            Way::Early(early) => return keep(early, frame),
            Way::Session(ingress) => ingress.clone(),
        };
        if let Some(stream) = self.stream.upgrade() {
            stream.frame();
        }
        ingress.frame(frame);
    }

    fn keyframe_wanted(&self) {}

    fn bitrate(&self, _bits_per_second: u32) {}

    fn blocked(&self, _blocked: bool) {}

    fn channel_open(&self) {}

    fn message(&self, _text: String) {}

    fn sent(&self, _rtp_timestamp: u32, _first_packet: Instant) {}
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use framebox_media::Codec;

    use super::*;

    #[test]
    fn frames_from_the_last_keyframe_on_wait_for_the_session_within_bounds() {
        let frame = |keyframe, bytes| EncodedFrame {
            codec: Codec::H264,
            data: Bytes::from(vec![0; bytes]),
            keyframe,
            rtp_timestamp: 0,
            captured: Instant::now(),
        };
        let mut early = Vec::new();
        let mut counts = Vec::new();
        for (keyframe, bytes) in
            [(false, 1), (true, 1), (false, 1), (true, 1), (false, 1), (false, MOST_EARLY_BYTES), (false, 1)]
        {
            keep(&mut early, frame(keyframe, bytes));
            counts.push(early.len());
        }
        assert_eq!(counts, [0, 1, 2, 1, 2, 0, 0]);
        keep(&mut early, frame(true, 1));
        for _ in 0..100 {
            keep(&mut early, frame(false, 1));
            assert!(early.len() <= MOST_EARLY);
        }
    }
}

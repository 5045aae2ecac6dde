//! The decode thread: every encoded frame, in order.
//!
//! It owns the decoder. A picture is copied once, into memory that the gate can hold, at the size that the handler gets;
//! not at all when the gate refuses its frame and nobody shows it.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use framebox_media::{Decoder, EncodedFrame};

use crate::cpu;
use crate::session::exchange::{Arrived, Exchange};
use crate::session::frame::{Frame, FrameMetadata};
use crate::session::frame_copy::FrameCopy;
use crate::session::permit::Permit;
use crate::session::rtp_clock::Clock;
use crate::session::upstream::Upstream;

/// Decodes until the sender of `frames` is gone or the session has ended.
pub(crate) fn run(
    mut decoder: Box<dyn Decoder>,
    exchange: &Exchange,
    frames: &Receiver<EncodedFrame>,
    permit: Option<&dyn Permit>,
    upstream: &dyn Upstream,
) {
    cpu::lower_priority();
    let mut used = cpu::Meter::new();
    let mut clock = Clock::default();
    let mut copies = FrameCopy::default();
    while let Ok(frame) = frames.recv() {
        let pts = clock.pts(frame.rtp_timestamp);
        let begin = Instant::now();
        let decoded = decoder.decode(&frame.data);
        let decode = Some(begin.elapsed());
        match decoded {
            Ok(true) => {
                let Some(planes) = decoder.picture() else { continue };
                let metadata =
                    FrameMetadata { rtp_timestamp: frame.rtp_timestamp, pts, captured: frame.captured, decode };
                let frame = Frame { metadata, size: planes.size, picture: None };
                match exchange.arrive(&frame) {
                    Arrived::Refused => {}
                    Arrived::Wanted { at, size } => {
                        let picture = copies.copy(planes, size);
                        exchange.offer(at, Frame { picture, ..frame });
                    }
                    Arrived::Ended => break,
                }
            }
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(%error, "a frame could not be decoded");
                exchange.recorder().counts.undecodable += 1;
                upstream.request_keyframe();
            }
        }
        if let Some(permit) = permit {
            permit.report(Instant::now(), used.lap());
        }
    }
}

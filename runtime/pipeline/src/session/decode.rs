//! The decode thread: every encoded frame, in order.
//!
//! It owns the decoder. A picture is copied once, into memory that the gate can hold, at the size that the handler gets;
//! not at all when the gate refuses its frame and nobody shows it.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use framebox_media::Decoder;

use crate::cpu;
use crate::session::connections::Connections;
use crate::session::display_order::{DisplayOrder, Origin};
use crate::session::exchange::{Arrived, Exchange};
use crate::session::frame::{Frame, FrameMetadata};
use crate::session::frame_copy::FrameCopy;
use crate::session::intake::Waiting;
use crate::session::notice::{Notice, Severity};
use crate::session::rtp_clock::{Clock, Time};
use crate::session::setup::Setup;
use crate::session::undecodable::Undecodable;

/// Decodes until the sender of `frames` is gone or the session has ended.
pub(crate) fn run(
    mut decoder: Box<dyn Decoder>,
    exchange: &Exchange,
    frames: &Receiver<Waiting>,
    setup: &Setup,
    connections: &Connections,
) {
    cpu::lower_priority();
    let mut used = cpu::Meter::new();
    let mut clock = Clock::default();
    let mut copies = FrameCopy::new(&setup.account);
    let mut undecodable = Undecodable::default();
    let mut order = DisplayOrder::default();
    while let Ok(Waiting { frame, charge, since }) = frames.recv() {
        framebox_failpoint::panic("decode");
        order.put(Origin { rtp_timestamp: frame.rtp_timestamp, captured: frame.captured });
        let begin = Instant::now();
        let decoded = decoder.decode(&frame.data);
        drop(charge);
        let decode = Some(begin.elapsed());
        let held = decoder.held();
        let origin = order.take(matches!(decoded, Ok(true)), held);
        match decoded {
            Ok(true) => {
                let (Some(Origin { rtp_timestamp, captured }), Some(planes)) = (origin, decoder.picture()) else {
                    continue;
                };
                let Time { rtp_timestamp, pts } = clock.time(rtp_timestamp, captured);
                undecodable.recovered();
                let metadata = FrameMetadata { rtp_timestamp, pts, captured, decode };
                let frame = Frame { metadata, size: planes.size, picture: None };
                match exchange.arrive(&frame, since) {
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
                // Where the camera is too large, the next keyframe may be smaller.
                connections.upstream.request_keyframe();
                if let Some((code, message)) = undecodable.failed(Instant::now(), &error, setup.largest_input) {
                    connections.events.notice(Notice { severity: Severity::Warning, code, message, request: None });
                }
            }
        }
        if let Some(permit) = &setup.permit {
            exchange.recorder().decoder_memory = decoder.memory();
            permit.report(Instant::now(), used.lap());
        }
    }
}

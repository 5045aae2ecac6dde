//! The decode thread: every access unit, in order.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use framebox_media::EncodedFrame;

use crate::cpu;
use crate::node::AdmissionPermit;
use crate::session::connections::Upstream;
use crate::session::exchange::{Exchange, FrameMetadata};
use crate::session::frame_copy::Pool;
use crate::session::rtp_clock::Clock;

/// Decodes until the sender of `units` is gone or the session ended.
pub(crate) fn run(
    exchange: &Exchange,
    units: &Receiver<EncodedFrame>,
    permit: Option<&AdmissionPermit>,
    upstream: &dyn Upstream,
) {
    cpu::lower_priority();
    let mut used = cpu::Meter::new();
    let mut clock = Clock::default();
    let mut pool = Pool::default();
    while let Ok(unit) = units.recv() {
        exchange.wait_for_handler(unit.captured);
        let pts = clock.pts(unit.rtp_timestamp);
        let Some((mut decoder, keeps)) = exchange.take_decoder() else { break };
        let begin = Instant::now();
        let decoded = decoder.decode(&unit.data);
        let now = Instant::now();
        let planes = decoder.picture().filter(|_| matches!(decoded, Ok(true)));
        let fresh = planes.map(|planes| FrameMetadata {
            rtp_timestamp: unit.rtp_timestamp,
            pts,
            completed: unit.captured,
            decode: Some(now - begin),
            picture: if keeps { pool.filled(|to| to.copy_from(planes)) } else { None },
        });
        exchange.put_decoder(decoder, now, fresh);
        if let Err(error) = decoded {
            tracing::debug!(%error, "an access unit could not be decoded");
            exchange.recorder().counts.undecodable += 1;
            upstream.request_keyframe();
        }
        if let Some(permit) = permit {
            permit.report(Instant::now(), used.lap());
        }
    }
}

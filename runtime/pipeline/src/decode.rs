//! The decode thread: every access unit, in order.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use framebox_media::EncodedFrame;

use crate::clock::Clock;
use crate::connections::Upstream;
use crate::cpu;
use crate::desk::{Desk, Fresh};
use crate::input::Pool;
use crate::node::Place;

/// Decodes until the sender of `units` is gone or the session ended.
pub(crate) fn run(desk: &Desk, units: &Receiver<EncodedFrame>, place: Option<&Place>, upstream: &dyn Upstream) {
    cpu::stand_back();
    let mut used = cpu::Meter::new();
    let mut clock = Clock::default();
    let mut pool = Pool::default();
    while let Ok(unit) = units.recv() {
        desk.wait_for_handler(unit.captured);
        let pts = clock.pts(unit.rtp_timestamp);
        let Some((mut decoder, keeps)) = desk.take_decoder() else { break };
        let begin = Instant::now();
        let decoded = decoder.decode(&unit.data);
        let now = Instant::now();
        let planes = decoder.picture().filter(|_| matches!(decoded, Ok(true)));
        let fresh = planes.map(|planes| Fresh {
            rtp_timestamp: unit.rtp_timestamp,
            pts,
            completed: unit.captured,
            decode: Some(now - begin),
            picture: if keeps { pool.filled(|to| to.copy_from(planes)) } else { None },
        });
        desk.put_decoder(decoder, now, fresh);
        if let Err(error) = decoded {
            tracing::debug!(%error, "an access unit could not be decoded");
            desk.gathered().counts.undecodable += 1;
            upstream.request_keyframe();
        }
        if let Some(place) = place {
            place.report(Instant::now(), used.lap());
        }
    }
}

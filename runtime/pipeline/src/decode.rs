//! The decode thread: every access unit, in order.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use crate::clock::Clock;
use crate::desk::{Desk, Fresh};
use crate::gate::{Arrival, Reason};
use crate::session::AccessUnit;
use crate::sink::Sink;

/// Decodes until the sender of `units` is gone or the session ended.
pub(crate) fn run(desk: &Desk, units: &Receiver<AccessUnit>, sink: &Arc<dyn Sink>) {
    let mut clock = Clock::default();
    while let Ok(unit) = units.recv() {
        desk.wait_for_handler(unit.completed);
        let pts = clock.pts(unit.rtp_timestamp);
        let Some(mut decoder) = desk.take_decoder() else { break };
        let begin = Instant::now();
        let decoded = decoder.decode(&unit.data);
        let now = Instant::now();
        let size = decoder.picture().map(|planes| planes.size);
        let mut state = desk.lock();
        state.decoder = Some(decoder);
        let skipped = match (&decoded, size) {
            (Ok(true), Some(size)) => {
                desk.gathered().received(now, size);
                let AccessUnit { rtp_timestamp, completed, .. } = unit;
                state.fresh = Some(Fresh { rtp_timestamp, pts, completed, decode: now - begin });
                !state.gate.offer(now, Arrival { pts, bytes: 0 }, ()).is_empty()
            }
            _ => {
                // The decoder's memory may have been overwritten: what waited in it is gone.
                state.fresh = None;
                !state.gate.discard(now).is_empty()
            }
        };
        drop(state);
        desk.wake();
        if skipped {
            desk.gathered().skipped(Reason::Busy);
        }
        if let Err(error) = decoded {
            tracing::debug!(%error, "an access unit could not be decoded");
            desk.gathered().counts.undecodable += 1;
            sink.keyframe_needed();
        }
    }
}

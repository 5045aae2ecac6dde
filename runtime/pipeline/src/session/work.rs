//! What the handler thread does next.

use std::time::{Duration, Instant};

use crate::schedule::frame_clock::Due;
use crate::schedule::gate::{Skipped, Ticket};
use crate::session::exchange::{Exchange, State};
use crate::session::frame::{Frame, FrameMetadata};
use crate::session::parameters::Changes;
use crate::session::swap::PreparedSwap;

/// What the handler thread does next.
pub(crate) enum Work {
    /// Parameters are to be applied.
    Configure(Changes),
    /// Another version takes over.
    Swap(Box<PreparedSwap>),
    /// A frame from the camera is to be processed.
    Process(Ticket<Frame>),
    /// A generator's frame is due.
    Generate(Ticket<FrameMetadata>),
    /// A frame without a result is to be shown as it came.
    Show(Skipped<Frame>),
    /// The time that was asked for has come.
    Tick,
    /// The session has ended.
    End,
}

/// Waits until there is work for the handler thread, at most until `wake`. No frame is taken while `has_room` says that the
/// picture of an earlier one still waits to be encoded: frames then wait at the gate, which skips the old ones.
pub(crate) fn next(exchange: &Exchange, wake: Option<Instant>, has_room: impl Fn() -> bool) -> Work {
    let mut state = exchange.lock();
    loop {
        if state.ended {
            return Work::End;
        }
        if let Some(swap) = state.swap.take() {
            return Work::Swap(swap);
        }
        if state.version.parameters.is_waiting() {
            return Work::Configure(state.version.parameters.take());
        }
        let now = Instant::now();
        // Before a frame is taken, so that those that come before it are shown before it.
        let expired = state.gate.expire(now);
        exchange.settle(&mut state, expired);
        let room = has_room();
        if room {
            finish(&mut state, now);
            if let Some(work) = frame(exchange, &mut state, now) {
                return work;
            }
        }
        if wake.is_some_and(|wake| wake <= now) {
            return Work::Tick;
        }
        let mut until = wake.into_iter().chain(state.gate.opens_at(now)).min();
        match state.frame_clock.as_mut().filter(|_| room).map(|clock| clock.poll(now)) {
            None => {}
            Some(Due::In(wait)) => until = until.into_iter().chain(Some(now + wait)).min(),
            Some(Due::Frame(tick)) => {
                let captured = now.checked_sub(tick.late).unwrap_or(now);
                let rtp_timestamp = rtp_timestamp(tick.pts);
                let what = FrameMetadata { rtp_timestamp, pts: tick.pts, captured, decode: None };
                let (sequence, skipped) = (tick.index, tick.skipped);
                return Work::Generate(Ticket { sequence, pts: tick.pts, skipped, waited: tick.late, what });
            }
        }
        state = exchange.wait(state, until);
    }
}

/// The handler has time and its result has room. What the last frame cost is what passed until then: where the encoder is
/// slower than the handler, it sets the pace.
fn finish(state: &mut State, now: Instant) {
    let Some(finished) = state.finished.take() else { return };
    match &mut state.frame_clock {
        Some(clock) => clock.done(now.saturating_duration_since(finished.begun)),
        None => state.gate.done(now, finished.typical),
    }
}

/// The frame whose turn it is.
fn frame(exchange: &Exchange, state: &mut State, now: Instant) -> Option<Work> {
    let next = state.gate.waiting_sequence();
    if let Some(frame) = state.passthrough.pop_before(&state.version.level, next) {
        return Some(Work::Show(frame));
    }
    let (ticket, skipped) = state.gate.take(now);
    exchange.settle(state, skipped);
    let ticket = ticket?;
    exchange.recorder().taken();
    exchange.wake();
    Some(Work::Process(ticket))
}

/// `pts` on the RTP clock of video, 90 kHz (RFC 3551 §5).
fn rtp_timestamp(pts: Duration) -> u32 {
    (pts.as_micros() * 9 / 100) as u32
}

//! What a session's threads share: where its frames come from, and the parameters that wait.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use framebox_media::Decoder;
use framebox_picture::{Format, Picture};

use crate::schedule::frame_clock::{Due, FrameClock};
use crate::schedule::gate::{Arrival, Backlog, Gate, SkipReason, Skipped, Ticket};
use crate::session::parameters::{Changes, Parameters};
use crate::session::passthrough::Passthrough;
use crate::session::policy::{Policy, Skipping};
use crate::session::stats::Recorder;
use crate::session::swap::PreparedSwap;

/// Facts about a frame.
#[derive(Clone, Debug)]
pub(crate) struct FrameMetadata {
    pub(crate) rtp_timestamp: u32,
    pub(crate) pts: Duration,
    pub(crate) completed: Instant,
    /// None for a frame that was not decoded.
    pub(crate) decode: Option<Duration>,
    /// A copy of the camera's picture. None where the decoder alone holds it, and for a generator.
    pub(crate) picture: Option<Arc<Picture>>,
}

/// Behind the lock.
pub(crate) struct State {
    /// None while the decode thread works with it (the lock is not held for as long as decoding takes), and in the session
    /// of a generator.
    pub(crate) decoder: Option<Box<dyn Decoder>>,
    /// Of the frames that wait, only a single one may be without a copy of its picture: the decoder holds that.
    pub(crate) gate: Gate<FrameMetadata>,
    pub(crate) passthrough: Passthrough,
    /// Of a generator, once somebody watches.
    pub(crate) frame_clock: Option<FrameClock>,
    pub(crate) parameters: Parameters,
    /// What is to take over before the next frame.
    pub(crate) swap: Option<Box<PreparedSwap>>,
    /// Frames lost from the backlog since somebody was told.
    pub(crate) lost: u64,
    pub(crate) ended: bool,
}

/// What the handler thread does next.
pub(crate) enum Work {
    Configure(Changes),
    /// A successor takes over.
    Swap(Box<PreparedSwap>),
    /// The camera's picture.
    Process(Ticket<FrameMetadata>),
    /// A generator's frame is due.
    Generate(Ticket<FrameMetadata>),
    /// A frame without a result is to be shown as it came.
    Show(Skipped<FrameMetadata>),
    /// The time that was asked for has come.
    Tick,
    End,
}

/// The lock, and the wake-ups for those who wait on it.
pub(crate) struct Exchange {
    state: Mutex<State>,
    changed: Condvar,
    // A lock of its own, taken last and never held together with work: statistics can be read while a picture is being
    // decoded.
    recorder: Mutex<Recorder>,
}

impl State {
    /// Number of the first frame that the handler has not been called for.
    pub(crate) fn next_sequence(&self) -> u64 {
        match &self.frame_clock {
            Some(frame_clock) => frame_clock.next_index(),
            None => self.gate.next_sequence(),
        }
    }

    /// True while each picture is copied out of the decoder at once: it may be wanted after the next one is there.
    fn keeps_pictures(&self) -> bool {
        self.gate.policy() == Skipping::Never || self.passthrough.is_on()
    }
}

impl Exchange {
    /// `decoder`: of the camera's pictures; a generator has none.
    pub(crate) fn new(
        decoder: Option<Box<dyn Decoder>>,
        parameters: Parameters,
        policy: Policy,
        backlog: Backlog,
    ) -> Self {
        let state = State {
            decoder,
            gate: Gate::new(policy.skipping, backlog),
            passthrough: Passthrough::new(policy.unprocessed),
            frame_clock: None,
            parameters,
            swap: None,
            lost: 0,
            ended: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), recorder: Mutex::new(Recorder::new(policy)) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The other thread should look again.
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Another policy holds from now on.
    pub(crate) fn set_policy(&self, policy: Policy) {
        let mut state = self.lock();
        let skipped = state.gate.set_policy(Instant::now(), policy.skipping);
        state.passthrough.chosen = policy.unprocessed;
        self.recorder().policy = policy;
        self.settle(&mut state, skipped);
        drop(state);
        self.wake();
    }

    /// No frame reaches the handler before `until`.
    pub(crate) fn close(&self, now: Instant, until: Instant, reason: SkipReason) {
        let mut state = self.lock();
        let skipped = state.gate.close(now, until, reason);
        self.settle(&mut state, skipped);
    }

    /// Waits until the handler has taken the picture that waits, for as long as the gate is patient.
    pub(crate) fn wait_for_handler(&self, completed: Instant) {
        let mut state = self.lock();
        while !state.ended {
            let patience = state.gate.patience(Instant::now(), completed);
            if patience.is_zero() {
                break;
            }
            state = self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The decoder, to be put back after its next picture, and whether that picture is to be copied. None once the
    /// session ended. A picture that only the decoder holds is lost.
    pub(crate) fn take_decoder(&self) -> Option<(Box<dyn Decoder>, bool)> {
        let mut state = self.lock();
        if state.ended {
            return None;
        }
        if state.gate.oldest().is_some_and(|(_, fresh)| fresh.picture.is_none()) {
            let skipped = state.gate.discard(Instant::now());
            self.settle(&mut state, skipped);
        }
        let keeps = state.keeps_pictures();
        state.decoder.take().map(|decoder| (decoder, keeps))
    }

    /// Puts the decoder back, with what came out of it.
    pub(crate) fn put_decoder(&self, decoder: Box<dyn Decoder>, now: Instant, fresh: Option<FrameMetadata>) {
        let mut state = self.lock();
        if let (Some(fresh), Some(planes)) = (fresh, decoder.picture()) {
            let bytes = fresh.picture.as_ref().map_or(0, |picture| Format::I420.bytes(picture.size()));
            self.recorder().received(now, planes.size);
            let skipped = state.gate.offer(now, Arrival { pts: fresh.pts, bytes }, fresh);
            self.settle(&mut state, skipped);
        }
        state.decoder = Some(decoder);
        drop(state);
        self.wake();
    }

    /// Waits until there is work for the handler thread, at most until `wake`. A picture that is to be processed and that
    /// only the decoder holds is handed to `copy` while the lock is held, since the next one overwrites it.
    pub(crate) fn work(&self, wake: Option<Instant>, mut copy: impl FnMut(&dyn Decoder)) -> Work {
        let mut state = self.lock();
        loop {
            if state.ended {
                return Work::End;
            }
            if let Some(swap) = state.swap.take() {
                return Work::Swap(swap);
            }
            if state.parameters.is_waiting() {
                return Work::Configure(state.parameters.take());
            }
            let now = Instant::now();
            // Before a frame is taken, so that those that come before it are shown before it.
            let expired = state.gate.expire(now);
            self.settle(&mut state, expired);
            let decoded = state.decoder.is_some();
            let next = state.gate.oldest().map(|(sequence, fresh)| (sequence, decoded || fresh.picture.is_some()));
            if let Some(frame) = state.passthrough.pop_before(next.map(|(sequence, _)| sequence)) {
                return Work::Show(frame);
            }
            if next.is_some_and(|(_, ready)| ready) {
                let (ticket, skipped) = state.gate.take(now);
                self.settle(&mut state, skipped);
                if let Some(ticket) = ticket {
                    self.recorder().taken();
                    if let (None, Some(decoder)) = (&ticket.what.picture, &state.decoder) {
                        copy(&**decoder);
                    }
                    self.wake();
                    return Work::Process(ticket);
                }
            }
            if wake.is_some_and(|wake| wake <= now) {
                return Work::Tick;
            }
            let mut until = wake.into_iter().chain(state.gate.opens_at(now)).min();
            match state.frame_clock.as_mut().map(|frame_clock| frame_clock.poll(now)) {
                None => {}
                Some(Due::In(wait)) => until = until.into_iter().chain(Some(now + wait)).min(),
                Some(Due::Frame(tick)) => {
                    let completed = now.checked_sub(tick.late).unwrap_or(now);
                    let rtp_timestamp = rtp_timestamp(tick.pts);
                    let what = FrameMetadata { rtp_timestamp, pts: tick.pts, completed, decode: None, picture: None };
                    let (sequence, skipped) = (tick.index, tick.skipped);
                    return Work::Generate(Ticket { sequence, pts: tick.pts, skipped, waited: tick.late, what });
                }
            };
            state = match until {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let wait = until.saturating_duration_since(now);
                    self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Frames were skipped: they are counted, and shown where the policy says so.
    fn settle(&self, state: &mut State, skipped: Vec<Skipped<FrameMetadata>>) {
        for frame in skipped {
            self.recorder().skipped(&frame);
            state.lost += u64::from(frame.reason == SkipReason::Backlog);
            state.passthrough.push(frame);
        }
    }
}

/// `pts` on the RTP clock of video, 90 kHz (RFC 3551 §5).
fn rtp_timestamp(pts: Duration) -> u32 {
    (pts.as_micros() * 9 / 100) as u32
}
